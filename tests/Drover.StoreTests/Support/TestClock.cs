using Microsoft.Extensions.Time.Testing;

namespace Drover.StoreTests.Support;

/// <summary>A clock that the test moves. Its wall clock can also be set wrong, which moves no timer and no timestamp.</summary>
public sealed class TestClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero))
{
    private long _wrongBy;

    /// <summary>Sets the wall clock forward or back, as an operator or a bad NTP server would.</summary>
    public void SetWrong(TimeSpan by) => Interlocked.Add(ref _wrongBy, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _wrongBy));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
}
