using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>
/// Leases ready jobs. Those that may be retried are handed out at once, and their start goes with the next commit;
/// when one of them may not be run twice, the starts are committed first.
/// </summary>
internal sealed class LeaseOperation(JobEngine engine, LeaseRequest request, CancellationToken cancel) : Operation<IReadOnlyList<Lease>>(cancel)
{
    private readonly List<Lease> _leases = [];
    private readonly List<(LiveJob Job, long ReadyAt)> _started = [];

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        // A ready job that the group cancels must not be handed out; it is still listed.
        if (engine.HasTouched)
            return StageResult.Conflicts;
        long now = engine.NowTicks;
        engine.Memory.Ready.Take(request, now, candidate => Start(candidate, now));
        if (_started.TrueForAll(s => s.Job.Spec!.OnWorkerLost == WorkerLostPolicy.Retry))
        {
            foreach (var (job, _) in _started)
                StartLater(job);
            return Answer(_leases);
        }

        engine.Writer.Begin();
        foreach (var (job, _) in _started)
        {
            if (job.Spec!.OnWorkerLost == WorkerLostPolicy.Retry)
                StartLater(job);
            else
                engine.WriteStart(job);
        }

        return StageResult.Waits;
    }

    public override void Apply() => Answer(_leases);

    public override void Undo()
    {
        foreach (var (job, readyAt) in _started)
        {
            if (JobRules.StoredKeyOf(job.Spec!) is { } key && JobRules.IsFreedAtStart(key))
                engine.Memory.UniqueKeys.TryAdd(key, job.Seq);
            engine.ForgetStart(job);
            engine.Memory.EndRun(job);
            job.EventNo--;
            job.Attempt--;
            engine.Memory.MakeReady(job.Seq, job.Lane, engine.Memory.Columns.PriorityOf(job.Seq), readyAt);
        }
    }

    private void StartLater(LiveJob job)
    {
        job.StartPending = true;
        engine.StartLater(job);
    }

    private bool Start(Candidate candidate, long now)
    {
        try
        {
            if (!engine.Memory.Recent.TryTake(candidate.Seq, out var id, out var spec) && !engine.Rows.TryGetWork(candidate.Seq, out id, out spec))
                return false;
            Start(candidate, now, id, spec);
            return true;
        }
        catch (SqliteFailure)
        {
            // It was taken out of its line but not handed out.
            engine.Memory.Ready.Return(candidate.Lane, candidate.Priority, candidate.Seq, candidate.ReadyAt);
            throw;
        }
    }

    private void Start(Candidate candidate, long now, Guid id, JobSpec spec)
    {
        var memory = engine.Memory;
        long seq = candidate.Seq;
        var job = memory.LiveOf(seq);
        if (job is null)
            memory.Track(job = new(seq, id, candidate.Lane) { LastOutputSeq = 0 });
        if (job.LastOutputSeq < 0)
            job.LastOutputSeq = engine.LastOutputSeq(seq);
        job.Spec = spec;
        job.Attempt++;
        job.EventNo++;
        job.WorkerId = request.WorkerId;
        job.InstanceId = request.InstanceId;
        job.StartedAt = now;
        job.ReadyAt = candidate.ReadyAt;
        job.LeaseDuration = request.Duration;
        job.LeaseStamp = engine.StampIn(request.Duration);
        candidate.Lane.Queue.Ready[candidate.Priority - 1]--;
        memory.Run(job);
        if (JobRules.StoredKeyOf(spec) is { } key && JobRules.IsFreedAtStart(key))
            memory.FreeKey(key, seq);
        _started.Add((job, candidate.ReadyAt));
        _leases.Add(new()
        {
            Token = new(id, job.Attempt),
            Spec = spec,
            ReadyAt = new(candidate.ReadyAt, TimeSpan.Zero),
            StartedAt = new(now, TimeSpan.Zero),
            FirstOutputSeq = job.LastOutputSeq + 1,
        });
    }
}
