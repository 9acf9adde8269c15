using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Ends the attempts whose workers have disappeared.</summary>
internal sealed class ExpireLeasesDuty(IJobStore store, Announcer announcer, BrokerOptions options, TimeProvider time, ILogger log)
    : Duty("expire leases", time, log)
{
    private long _graceUntil;
    private long _notBefore;

    /// <summary>The store has looked: no lease runs out before this time is over; null for none at all. It will have looked again by then.</summary>
    public void EndsIn(TimeSpan? wait) => Volatile.Write(
        ref _notBefore, wait is { } time ? Time.GetTimestamp() + (long)(time.TotalSeconds * Time.TimestampFrequency) : long.MaxValue);

    public override async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        await ExpireAsync(cancel);
        return options.ExpireInterval;
    }

    protected override TimeSpan? Rest() =>
        IsGrace() || store is ISharedStore { IsLeader: false } || Time.GetTimestamp() < Volatile.Read(ref _notBefore) ? options.ExpireInterval : null;

    /// <summary>Ends every attempt whose lease has run out.</summary>
    public async Task ExpireAsync(CancellationToken cancel)
    {
        int lost = 0, round;
        do
        {
            var changes = await store.ExpireLeasesAsync(options.ExpireBatch, cancel);
            announcer.Lost(changes);
            lost += round = changes.Count;
        }
        while (round == options.ExpireBatch);

        if (lost > 0)
            Log.LeasesLost(lost);
    }

    /// <summary>When this process itself stood still, the renewals of its workers did as well: they come first.</summary>
    private bool IsGrace()
    {
        long now = Time.GetTimestamp();
        if (Overslept > options.LeaseDuration / 3)
        {
            var grace = options.LeaseDuration / 2;
            Log.StoodStill(Overslept, grace);
            _graceUntil = now + (long)(grace.TotalSeconds * Time.TimestampFrequency);
        }

        return now < _graceUntil;
    }
}
