namespace Drover.Sqlite.Engine;

/// <summary>Points in time on the steady clock, which no change of the wall clock moves.</summary>
internal static class Steady
{
    /// <summary>Longer waits than a century would overflow the clock's ticks.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    public static long StampIn(this TimeProvider time, TimeSpan delay) =>
        time.GetTimestamp() + (long)((delay < Longest ? delay : Longest).TotalSeconds * time.TimestampFrequency);
}
