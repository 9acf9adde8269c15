using Drover.Jobs;
using Drover.Sqlite.Engine;

namespace Drover.Sqlite.Jobs;

/// <summary>Ends attempts whose worker is lost.</summary>
internal abstract class LostOperation(JobEngine engine, CancellationToken cancel) : FinishOperation(engine, cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        var lost = Lost();
        if (lost.Exists(job => job.StagedBy is not null))
            return StageResult.Conflicts;
        Expect(lost.Count);
        for (int at = 0; at < lost.Count; at++)
        {
            End(at, lost[at], new()
            {
                Kind = OutcomeKind.WorkerLost,
                Reason = FailureReasons.WorkerLost,
                Error = $"The worker '{lost[at].WorkerId}' was lost: {Why}.",
            });
        }

        return Result();
    }

    protected abstract string Why { get; }

    protected abstract List<LiveJob> Lost();
}

/// <summary>Ends the attempts whose lease ran out.</summary>
internal sealed class ExpireOperation(JobEngine engine, int max, CancellationToken cancel) : LostOperation(engine, cancel)
{
    protected override string Why => "its lease ran out";

    protected override List<LiveJob> Lost()
    {
        long now = Engine.Time.GetTimestamp();
        return [.. Engine.Memory.Running.Select(r => r.Value).Where(job => job.LeaseStamp <= now).OrderBy(job => job.LeaseStamp).Take(max)];
    }
}

/// <summary>Ends the attempts of earlier instances of a worker.</summary>
internal sealed class LoseWorkerOperation(JobEngine engine, string workerId, Guid current, CancellationToken cancel) : LostOperation(engine, cancel)
{
    protected override string Why => "it was started anew";

    protected override List<LiveJob> Lost() =>
        [.. Engine.Memory.Running.Select(r => r.Value).Where(job => job.WorkerId == workerId && job.InstanceId != current).OrderBy(job => job.Seq)];
}
