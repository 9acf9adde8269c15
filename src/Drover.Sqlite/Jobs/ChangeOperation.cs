using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Changes jobs one by one, each as its status allows.</summary>
internal abstract class ChangeOperation(JobEngine engine, IReadOnlyList<Guid> ids, CancellationToken cancel) : Operation<IReadOnlyList<JobChange>>(cancel)
{
    private readonly List<(int Place, FoundJob Job)> _staged = [];
    private readonly HashSet<long> _mine = [];
    private readonly List<int> _again = [];
    private JobChange[] _changes = [];

    protected JobEngine Engine { get; } = engine;

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        _changes = new JobChange[ids.Count];
        var found = new FoundJob?[ids.Count];
        for (int at = 0; at < ids.Count; at++)
        {
            found[at] = Engine.Find(ids[at]);
            if (found[at] is { } job && (Engine.IsTouched(job.Seq) || (job.Status == JobStatus.Running && job.Live!.StagedBy is not null)))
                return StageResult.Conflicts;
        }

        for (int at = 0; at < ids.Count; at++)
        {
            if (found[at] is not { } job)
                _changes[at] = JobEngine.NotFound(ids[at]);
            else if (_mine.Contains(job.Seq))
                _again.Add(at);
            else if (!Write(job))
                _changes[at] = job.Change(ChangeResult.Conflict, job.Status);
            else
                Hold(at, job);
        }

        return _staged.Count == 0 ? Answer(_changes) : StageResult.Waits;
    }

    public override void Apply()
    {
        foreach (var (place, job) in _staged)
        {
            Release(job);
            _changes[place] = Apply(job);
        }

        // An id that is named twice is looked at twice.
        foreach (int place in _again)
            _changes[place] = Engine.Find(ids[place]) is { } job ? Again(job) : JobEngine.NotFound(ids[place]);
        Answer(_changes);
    }

    public override void Undo()
    {
        foreach (var (_, job) in _staged)
            Release(job);
    }

    /// <summary>Writes the change; false when the job's status does not allow it.</summary>
    protected abstract bool Write(FoundJob job);

    /// <summary>Makes the change in memory.</summary>
    protected abstract JobChange Apply(FoundJob job);

    /// <summary>What the change means to a job to which it was made a moment ago.</summary>
    protected virtual JobChange Again(FoundJob job) => job.Change(ChangeResult.Conflict, job.Status);

    protected void WriteEvent(FoundJob job, EventKind kind, JobStatus status, string? who = null, int? used = null)
    {
        Engine.Writer.Begin();
        Engine.Rows.InsertEvent(new()
        {
            Seq = job.Seq,
            No = job.EventNo + 1,
            Kind = kind,
            At = Engine.NowTicks,
            Attempt = job.Attempt,
            Status = status,
            Used = used ?? job.AttemptsUsed,
            Who = who,
        });
    }

    private void Hold(int place, FoundJob job)
    {
        _staged.Add((place, job));
        _mine.Add(job.Seq);
        if (job.Status == JobStatus.Running)
            job.Live!.StagedBy = this;
        else
            Engine.Touch(job.Seq);
    }

    private static void Release(FoundJob job)
    {
        if (job.Live is { } live)
            live.StagedBy = null;
    }
}

/// <summary>Cancels waiting jobs; of running ones it notes the request.</summary>
internal sealed class CancelOperation(JobEngine engine, IReadOnlyList<Guid> ids, string? by, CancellationToken cancel) : ChangeOperation(engine, ids, cancel)
{
    private readonly HashSet<long> _askedBefore = [];

    protected override bool Write(FoundJob job)
    {
        if (job.Status.IsFinal())
            return false;
        if (job.Status != JobStatus.Running)
            WriteEvent(job, EventKind.Canceled, JobStatus.Canceled, by);
        else if (job.Live!.CancelRequestedAt == 0)
            WriteEvent(job, EventKind.CancelRequested, JobStatus.Running, by);
        else
            _askedBefore.Add(job.Seq);
        return true;
    }

    protected override JobChange Again(FoundJob job) =>
        job.Change(job.Status == JobStatus.Running ? ChangeResult.Accepted : ChangeResult.Conflict, job.Status);

    protected override JobChange Apply(FoundJob job)
    {
        if (job.Status == JobStatus.Running)
        {
            if (!_askedBefore.Contains(job.Seq))
            {
                job.Live!.EventNo++;
                job.Live.CancelRequestedAt = Engine.NowTicks;
            }

            return job.Change(ChangeResult.Accepted, JobStatus.Running);
        }

        Engine.Memory.TakeOut(job.Seq, job.Lane);
        Engine.Memory.Finish(job.Seq, JobStatus.Canceled, Engine.NowTicks, job.Live?.StartedAt ?? 0, job.Head.UniqueKey);
        return job.Change(ChangeResult.Done, JobStatus.Canceled);
    }
}

/// <summary>Puts failed jobs back into their queues.</summary>
internal sealed class RetryOperation(JobEngine engine, IReadOnlyList<Guid> ids, CancellationToken cancel) : ChangeOperation(engine, ids, cancel)
{
    protected override bool Write(FoundJob job)
    {
        if (job.Status != JobStatus.Failed)
            return false;
        if (job.Head.UniqueKey is { } key && !JobRules.IsFreedAtStart(key))
        {
            // A key that another job of this group has just taken counts as taken.
            if (Engine.Memory.UniqueKeys.ContainsKey(key) || Engine.IsStagedKey("u:" + key))
                return false;
            Engine.StageKey("u:" + key);
        }

        WriteEvent(job, EventKind.Retried, JobStatus.Queued, used: 0);
        Engine.LowerWater(job.Seq);
        return true;
    }

    protected override JobChange Apply(FoundJob job)
    {
        var memory = Engine.Memory;
        var live = job.ToLive();
        live.EventNo++;
        live.AttemptsUsed = 0;
        memory.Track(live);
        if (job.Head.UniqueKey is { } key && !JobRules.IsFreedAtStart(key))
            memory.UniqueKeys[key] = job.Seq;
        memory.MakeReady(job.Seq, job.Lane, memory.Columns.PriorityOf(job.Seq), Engine.NowTicks);
        return job.Change(ChangeResult.Done, JobStatus.Queued);
    }
}
