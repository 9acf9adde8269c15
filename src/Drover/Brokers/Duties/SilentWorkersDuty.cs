using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Ends the sessions of workers that have been silent for longer than a lease, and forgets queues that sleep.</summary>
internal sealed class SilentWorkersDuty(Broker broker, WorkerRegistry workers, QueuePaces paces, BrokerOptions options, TimeProvider time, ILogger log)
    : Duty("silent workers", time, log)
{
    public override ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        foreach (var session in workers.Sessions)
        {
            // While we stood still ourselves we heard of nobody.
            if (Overslept > options.LeaseDuration / 3)
                session.Touch();
            else if (session.Silence > options.LeaseDuration)
                broker.TakeForGone(session);
        }

        paces.Sweep();
        return new(options.ExpireInterval);
    }
}
