using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Ends leased attempts: those a worker has finished, or those whose worker is lost.</summary>
internal abstract class FinishOperation(JobEngine engine, CancellationToken cancel) : Operation<IReadOnlyList<JobChange>>(cancel)
{
    private readonly List<Ending> _endings = [];
    private readonly List<(int Place, Guid Id)> _stale = [];
    private JobChange[] _changes = [];

    protected JobEngine Engine { get; } = engine;

    public override void Apply()
    {
        foreach (var ending in _endings)
            _changes[ending.Place] = Apply(ending);
        AnswerStale();
        Answer(_changes);
    }

    public override void Undo()
    {
        foreach (var ending in _endings)
            ending.Job.StagedBy = null;
    }

    protected void Expect(int changes) => _changes = new JobChange[changes];

    /// <summary>A lease that is not held; what to say of its job is looked up in the end.</summary>
    protected void Refuse(int place, Guid id) => _stale.Add((place, id));

    protected StageResult Result()
    {
        if (_endings.Count > 0)
            return StageResult.Waits;
        AnswerStale();
        return Answer(_changes);
    }

    /// <summary>Writes the end of an attempt.</summary>
    protected void End(int place, LiveJob job, AttemptOutcome outcome)
    {
        Engine.Writer.Begin();
        long now = Engine.NowTicks;
        var next = JobRules.After(job.Spec!, job.AttemptsUsed, outcome, job.CancelRequestedAt != 0, Engine.Random.NextDouble());
        // Before the first row: should that fail, Undo must know of it.
        job.StagedBy = this;
        _endings.Add(new(place, job, next, now, outcome.Error is not null));
        Engine.Rows.InsertEvent(new()
        {
            Seq = job.Seq,
            // The number of a start that is not on disk is free.
            No = job.StartPending ? job.EventNo : job.EventNo + 1,
            Kind = EventKind.Ended,
            At = now,
            Attempt = job.Attempt,
            Status = next.Status,
            Used = next.AttemptsUsed,
            DueAt = next.Delay is { } delay ? now + delay.Ticks : null,
            StartedAt = job.StartPending ? job.StartedAt : null,
            Who = job.StartPending ? job.WorkerId : null,
            Instance = job.StartPending ? job.InstanceId : null,
            Outcome = outcome,
        });
        Engine.Rows.IndexError(job, outcome.Error);
    }

    private void AnswerStale()
    {
        foreach (var (place, id) in _stale)
            _changes[place] = Engine.Find(id) is { } found ? found.Change(ChangeResult.LeaseLost, found.Status) : JobEngine.NotFound(id);
    }

    private JobChange Apply(Ending ending)
    {
        var (_, job, next, now, hasError) = ending;
        var memory = Engine.Memory;
        string? uniqueKey = JobRules.StoredKeyOf(job.Spec!);
        if (!ending.WasPending)
            job.EventNo++;
        job.AttemptsUsed = next.AttemptsUsed;
        job.HasErrorText = hasError;
        var change = job.Change(ChangeResult.Done, JobStatus.Running, next.Status);
        if (next.Status.IsFinal())
            memory.Finish(job.Seq, next.Status, now, job.StartedAt, uniqueKey);
        else if (next.Delay is { } delay)
        {
            memory.Waiting.AddDelay(job.Seq, delay);
            memory.MakeWait(job.Seq, job.Lane, next.Status);
        }
        else
            memory.MakeReady(job.Seq, job.Lane, memory.Columns.PriorityOf(job.Seq), now);
        memory.EndRun(job);
        return change;
    }

    private sealed record Ending(int Place, LiveJob Job, NextStep Next, long At, bool HasError)
    {
        public bool WasPending { get; } = Job.StartPending;

        public void Deconstruct(out int place, out LiveJob job, out NextStep next, out long at, out bool hasError) =>
            (place, job, next, at, hasError) = (Place, Job, Next, At, HasError);
    }
}

/// <summary>Ends the attempts that a worker has finished.</summary>
internal sealed class WorkerFinishOperation(JobEngine engine, IReadOnlyList<FinishRequest> finishes, CancellationToken cancel) : FinishOperation(engine, cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        foreach (var finish in finishes)
        {
            if (HeldBy(finish.Lease) is { StagedBy: not null })
                return StageResult.Conflicts;
            if (Engine.HasTouched && !Engine.Memory.Running.ContainsKey(finish.Lease.JobId))
                return StageResult.Conflicts;
        }

        Expect(finishes.Count);
        for (int at = 0; at < finishes.Count; at++)
        {
            var (lease, outcome) = finishes[at];
            // A second end within this batch is as late as any other.
            if (HeldBy(lease) is { StagedBy: null } job)
                End(at, job, outcome.Result is { } result ? outcome with { Result = result.ToArray() } : outcome);
            else
                Refuse(at, lease.JobId);
        }

        return Result();
    }

    private LiveJob? HeldBy(LeaseToken token) =>
        Engine.Memory.Running.TryGetValue(token.JobId, out var job) && job.Attempt == token.Attempt ? job : null;
}
