using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Prolongs leases, which are in memory alone.</summary>
internal sealed class RenewOperation(JobEngine engine, IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel)
    : Operation<IReadOnlyList<RenewResult>>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        long stamp = engine.StampIn(duration);
        var answers = new RenewResult[leases.Count];
        for (int at = 0; at < answers.Length; at++)
        {
            if (!engine.Memory.Running.TryGetValue(leases[at].JobId, out var job) || job.Attempt != leases[at].Attempt)
                continue;
            job.LeaseStamp = stamp;
            answers[at] = new(Held: true, job.CancelRequestedAt != 0);
        }

        return Answer(answers);
    }
}

/// <summary>Describes every queue.</summary>
internal sealed class ListQueuesOperation(JobEngine engine, CancellationToken cancel) : Operation<IReadOnlyList<QueueInfo>>(cancel)
{
    public override StageResult Stage() => IsCanceled
        ? StageResult.Answered
        : Answer([.. engine.Memory.Registry.Queues.OrderBy(q => q.Name, StringComparer.Ordinal).Select(Describe)]);

    private QueueInfo Describe(QueueState queue)
    {
        long? oldest = queue.Lanes.Min(lane => lane.OldestReadyAt(engine.Memory.Columns));
        return new(queue.Name, queue.Paused, [.. queue.Ready], queue.Scheduled, queue.Retrying, queue.Running,
            oldest is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null);
    }
}

/// <summary>Pauses or resumes a queue.</summary>
internal sealed class PauseOperation(JobEngine engine, string queue, bool paused, CancellationToken cancel) : Operation<bool>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        engine.Writer.Begin();
        engine.Rows.SetPaused(queue, paused);
        return StageResult.Waits;
    }

    public override void Apply()
    {
        engine.Memory.Registry.QueueOf(queue).Paused = paused;
        Answer(true);
    }
}

/// <summary>Sets limits, which are in memory alone.</summary>
internal sealed class SetLimitsOperation(JobEngine engine, IReadOnlyDictionary<string, int?> limits, CancellationToken cancel) : Operation<bool>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        foreach (var (key, most) in limits)
            engine.Memory.Registry.LimitOf(key).Most = most;
        return Answer(true);
    }
}

/// <summary>A round trip to the disk.</summary>
internal sealed class PingOperation(JobEngine engine, CancellationToken cancel) : Operation<bool>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        engine.Writer.Begin();
        engine.Rows.SetMark("ping", engine.NowTicks);
        return StageResult.Waits;
    }

    public override void Apply() => Answer(true);
}
