using Drover.Jobs;
using Drover.Output;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Output;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Takes over jobs of another store: writes the rows that would have led to them, then reads them as a start does.</summary>
internal sealed class ImportOperation(JobEngine engine, JobLoader loader, IReadOnlyList<Job> jobs, CancellationToken cancel) : Operation<bool>(cancel)
{
    private readonly PreparedJob[] _prepared = [.. jobs.Select(job => EnqueueOperation.Prepare(job.Spec))];
    private long _first;
    private long _last;

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        if (engine.HasTouched || jobs.Any(job => engine.IsStagedId(job.Id)))
            return StageResult.Conflicts;
        var missing = Enumerable.Range(0, jobs.Count).Where(n => engine.Find(jobs[n].Id) is null).ToList();
        if (missing.Count == 0)
            return Answer(true);
        engine.Writer.Begin();
        foreach (int n in missing)
            Write(jobs[n], _prepared[n]);
        return StageResult.Waits;
    }

    public override void Apply()
    {
        loader.Load(_first, _last + 1, CancellationToken.None);
        Answer(true);
    }

    private void Write(Job job, PreparedJob prepared)
    {
        var registry = engine.Memory.Registry;
        long seq = _last = engine.NextSeq();
        _first = _first == 0 ? seq : _first;
        engine.StageId(job.Id);
        engine.Rows.InsertJob(new(
            prepared, seq, job.Id, job.CreatedAt.UtcTicks, registry.LaneOf(job.Spec.Queue, prepared.Needs, prepared.LimitKey), registry.TagsetOf(job.Spec.Tags),
            job.RunAt?.UtcTicks, JobImport.IsDueByClock(job)));
        int no = 0;
        foreach (var e in EventsOf(job))
            engine.Rows.InsertEvent(e with { Seq = seq, No = ++no, Used = job.AttemptsUsed });
        if (job.Outcome?.Error is { } error)
            engine.Rows.IndexError(seq, error);
    }

    private static IEnumerable<JobEvent> EventsOf(Job job)
    {
        long? due = job.RunAt?.UtcTicks;
        var ready = new JobEvent { Kind = EventKind.Promoted, At = JobImport.ReadyAt(job).UtcTicks, Attempt = job.Attempt, Status = JobStatus.Queued };
        bool ended = JobImport.EndedByAttempt(job);
        // A job that waits in its line without a time to wait for came straight from its last attempt.
        bool direct = job.Status == JobStatus.Queued && due is null;
        if (ended && job.CancelRequestedAt is { } asked)
            yield return new() { Kind = EventKind.CancelRequested, At = asked.UtcTicks, Attempt = job.Attempt, Status = JobStatus.Running, Who = job.CanceledBy };
        for (int n = 0; n < job.Attempts.Count; n++)
        {
            var attempt = job.Attempts[n];
            bool last = n == job.Attempts.Count - 1;
            yield return new()
            {
                Kind = EventKind.Ended,
                At = attempt.FinishedAt!.Value.UtcTicks,
                Attempt = attempt.Number,
                Status = !last ? JobStatus.Retrying : ended || direct || job.Status is JobStatus.Scheduled ? job.Status : JobStatus.Retrying,
                DueAt = last && (ended || direct) ? null : due,
                StartedAt = attempt.StartedAt.UtcTicks,
                Who = attempt.WorkerId,
                Outcome = attempt.Outcome,
            };
        }

        if (job.Status.IsFinal() && !ended)
            yield return new() { Kind = EventKind.Canceled, At = job.FinishedAt!.Value.UtcTicks, Attempt = job.Attempt, Status = job.Status, Who = job.CanceledBy };
        else if (job.Status == JobStatus.Queued && !direct)
            yield return ready;
        if (job.Priority != job.Spec.Priority)
            yield return ready with { Kind = EventKind.Updated, Status = job.Status, Priority = job.Priority, DueAt = due, StartedAt = ready.At };
    }
}

/// <summary>Takes over output of a job of another store.</summary>
internal sealed class ImportOutputOperation(OutputEngine engine, long job, IReadOnlyList<OutputEntry> entries, CancellationToken cancel) : Operation<bool>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        engine.Writer.Begin();
        foreach (var entry in entries)
            engine.Insert(job, entry.Attempt, entry);
        return StageResult.Waits;
    }

    public override void Apply() => Answer(true);
}
