namespace Drover.Sqlite.Engine;

/// <summary>Points in time on the steady clock, which no change of the wall clock moves.</summary>
internal static class Steady
{
    /// <summary>Longer waits than a century would overflow the clock's ticks.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Reckoned in whole numbers: a double loses the last tick of some waits.</summary>
    public static long StampIn(this TimeProvider time, TimeSpan delay) =>
        time.GetTimestamp() + (long)((Int128)(delay < Longest ? delay : Longest).Ticks * time.TimestampFrequency / TimeSpan.TicksPerSecond);
}
