namespace Drover.Redis.Engine;

/// <summary>
/// The times the scripts compare, in microseconds since 1970: the wall clock, and a steady clock that all nodes read
/// alike whatever their wall clocks say. It starts from the server's time and goes on with this machine's timestamps.
/// </summary>
internal sealed class SharedClock
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);
    private readonly Link _link;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private long _anchor;

    private SharedClock(Link link, TimeProvider time)
    {
        (_link, _time) = (link, time);
        _origin = time.GetTimestamp();
        _anchor = Micros(time.GetUtcNow());
    }

    private long Elapsed => _time.GetElapsedTime(_origin).Ticks / TimeSpan.TicksPerMicrosecond;

    public long Steady => Volatile.Read(ref _anchor) + Elapsed;

    public static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicros(long micros) => new(micros * TimeSpan.TicksPerMicrosecond + DateTime.UnixEpoch.Ticks, TimeSpan.Zero);

    /// <summary>Rounded up: nothing is due too early.</summary>
    public static long Micros(TimeSpan length) =>
        ((length < Longest ? length : Longest).Ticks + TimeSpan.TicksPerMicrosecond - 1) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Rounded up: nothing is due too early.</summary>
    public static long DueMicros(DateTimeOffset due) =>
        Micros(due.AddTicks(TimeSpan.TicksPerMicrosecond - 1 < DateTimeOffset.MaxValue.UtcTicks - due.UtcTicks ? TimeSpan.TicksPerMicrosecond - 1 : 0));

    public long SteadyIn(TimeSpan delay) => Steady + Micros(delay);

    public static async ValueTask<SharedClock> StartAsync(Link link, TimeProvider time)
    {
        var clock = new SharedClock(link, time);
        await clock.AdjustAsync(default);
        return clock;
    }

    /// <summary>Follows the server's clock, which drifts from this machine's. A clock of the caller's own (a test's) is left alone.</summary>
    public async ValueTask AdjustAsync(CancellationToken cancel)
    {
        if (_time != TimeProvider.System)
            return;
        long before = Elapsed;
        var answer = await _link.CallAsync(db => db.ExecuteAsync("TIME"), cancel);
        long server = (long)answer[0] * 1_000_000 + (long)answer[1];
        Volatile.Write(ref _anchor, server - (before + Elapsed) / 2);
    }
}
