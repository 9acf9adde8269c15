using Microsoft.Extensions.Time.Testing;

namespace Drover.Tests.Support;

/// <summary>A clock that the test moves.</summary>
internal sealed class FakeClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero))
{
    private long _wrongBy;

    /// <summary>Sets the wall clock forward or back, which moves no timer and no timestamp.</summary>
    public void SetWrong(TimeSpan by) => Interlocked.Add(ref _wrongBy, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _wrongBy));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
}
