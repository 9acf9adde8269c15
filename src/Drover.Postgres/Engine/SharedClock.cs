namespace Drover.Postgres.Engine;

/// <summary>
/// The times that the tables compare, in ticks: the wall clock, and a steady clock that all nodes read alike whatever
/// their wall clocks say. It starts from the server's time and goes on with this machine's timestamps.
/// </summary>
internal sealed class SharedClock
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);
    private readonly TimeProvider _time;
    private readonly long _origin;
    private long _anchor;

    public SharedClock(TimeProvider time)
    {
        _time = time;
        _origin = time.GetTimestamp();
        _anchor = time.GetUtcNow().UtcTicks;
    }

    /// <summary>Whether it goes as real time does; a test's clock jumps.</summary>
    public bool IsReal => _time == TimeProvider.System;

    public long Now => _time.GetUtcNow().UtcTicks;

    public long Steady => Volatile.Read(ref _anchor) + Elapsed;

    private long Elapsed => _time.GetElapsedTime(_origin).Ticks;

    public long SteadyIn(TimeSpan delay) => Steady + (delay < Longest ? delay : Longest).Ticks;

    /// <summary>Follows the server's clock, which drifts from this machine's. A clock of the caller's own (a test's) is left alone.</summary>
    /// <param name="ask">Asks the server for its time in microseconds since 1970.</param>
    public async Task AdjustAsync(Func<Task<long>> ask)
    {
        if (!IsReal)
            return;
        long before = Elapsed;
        long server = DateTime.UnixEpoch.Ticks + await ask() * TimeSpan.TicksPerMicrosecond;
        Volatile.Write(ref _anchor, server - (before + Elapsed) / 2);
    }
}
