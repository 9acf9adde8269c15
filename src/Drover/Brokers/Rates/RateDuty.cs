using Drover.Brokers.Duties;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Rates;

/// <summary>Wakes those who wait for jobs when a rate that was used up has room again. Sleeps while none is.</summary>
internal sealed class RateDuty : Duty
{
    private static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private readonly RateGate _rates;
    private readonly LeaseWaiters _waiters;

    public RateDuty(RateGate rates, LeaseWaiters waiters, TimeProvider time, ILogger log)
        : base("rate limits", time, log)
    {
        (_rates, _waiters) = (rates, waiters);
        rates.UsedUp = Wake;
    }

    public override ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        var (freed, next) = _rates.Look();
        if (freed)
            _waiters.AnyReady(long.MaxValue);
        return new(next ?? Idle);
    }
}
