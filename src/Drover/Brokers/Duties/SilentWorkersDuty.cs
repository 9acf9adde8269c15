using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Ends the sessions of workers that have been silent for longer than a lease, and forgets queues that sleep.</summary>
internal sealed class SilentWorkersDuty(Broker broker, WorkerRegistry workers, QueuePaces paces, BrokerOptions options, TimeProvider time, ILogger log)
    : Duty("silent workers", time, log)
{
    private long _lastRound;

    public override ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        long now = Time.GetTimestamp();
        bool stoodStill = _lastRound != 0 && Time.GetElapsedTime(_lastRound, now) > options.ExpireInterval + options.LeaseDuration / 3;
        _lastRound = now;
        if (!stoodStill)
        {
            foreach (var session in workers.Sessions)
            {
                if (session.Silence > options.LeaseDuration)
                    broker.TakeForGone(session);
            }
        }

        paces.Sweep();
        return new(options.ExpireInterval);
    }
}
