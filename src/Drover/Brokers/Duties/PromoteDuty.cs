using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Makes scheduled and retrying jobs ready when their time has come. Sleeps until the next is due; an earlier one wakes it.</summary>
internal sealed class PromoteDuty(IJobStore store, Announcer announcer, BrokerOptions options, TimeProvider time, ILogger log)
    : Duty("promote", time, log)
{
    /// <summary>It looks at least so often, for other nodes may add jobs to a shared store, unless that looks by itself.</summary>
    private readonly TimeSpan _longestSleep = store is ISharedStore { Looks: true } ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(30);

    /// <summary>Thousands of jobs that fail and wait for their backoff are one reason to look, not thousands.</summary>
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(10);

    private long _sleepsUntil = long.MaxValue;
    private long _lastRound;

    /// <summary>A job may be due after this time.</summary>
    public void DueIn(TimeSpan wait)
    {
        if (Time.GetTimestamp() + wait.TotalSeconds * Time.TimestampFrequency < Volatile.Read(ref _sleepsUntil))
            Wake();
    }

    public override async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        var early = ShortestRound - Time.GetElapsedTime(_lastRound);
        if (_lastRound != 0 && early > TimeSpan.Zero)
            await Task.Delay(early, Time, cancel);
        _lastRound = Time.GetTimestamp();
        return await PromoteAsync(cancel);
    }

    protected override TimeSpan? Rest() => store is ISharedStore { IsLeader: false } ? _longestSleep : null;

    /// <summary>Makes every job ready that is due.</summary>
    /// <returns>How long until the next is due.</returns>
    public async Task<TimeSpan> PromoteAsync(CancellationToken cancel)
    {
        // Whatever is added from now on may not be seen by this round.
        Volatile.Write(ref _sleepsUntil, long.MaxValue);
        while (true)
        {
            var due = await store.PromoteAsync(options.PromoteBatch, cancel);
            announcer.Changed(due.Changes);
            if (due.NextDue != TimeSpan.Zero || due.Changes.Count == 0)
                return due.NextDue is { } wait && wait < _longestSleep ? wait : _longestSleep;
        }
    }

    protected override async ValueTask SleepAsync(TimeSpan time)
    {
        Volatile.Write(ref _sleepsUntil, Time.GetTimestamp() + (long)(time.TotalSeconds * Time.TimestampFrequency));
        await base.SleepAsync(time);
        // Awake: there is no need to be woken.
        Volatile.Write(ref _sleepsUntil, long.MinValue);
    }
}
