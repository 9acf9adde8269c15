using Drover.Brokers.Presence;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Keeps what the other nodes read of this node's workers up to date: heartbeats, and the jobs in their hands.</summary>
internal sealed class WorkersDuty(NodeWorkers workers, TimeProvider time, ILogger log) : Duty("tell of workers", time, log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public override async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        await workers.TellAsync(cancel);
        return Interval;
    }
}
