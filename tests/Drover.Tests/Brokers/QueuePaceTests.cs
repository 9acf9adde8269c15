using Drover.Brokers;
using Drover.Tests.Support;

namespace Drover.Tests.Brokers;

public sealed class QueuePaceTests
{
    [Fact]
    public void The_rate_is_of_the_last_minute()
    {
        var pace = new QueuePace();
        for (int second = 1000; second < 1120; second++)
        {
            pace.Arrived(second, 4);
            pace.Ended(second, 3);
        }

        Assert.Equal(4, pace.Read(1119).Arrivals);
        Assert.Equal(2, pace.Read(1149).Arrivals);
        Assert.Equal(3, pace.Read(1119).Rate);
        Assert.Equal(1.5, pace.Read(1149).Rate);
        Assert.Equal(0, pace.Read(1200).Rate);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.001)]
    [InlineData(0.02)]
    [InlineData(3600)]
    [InlineData(1_000_000)]
    public void The_percentile_is_near_and_never_below(double scale)
    {
        var pace = new QueuePace();
        for (int i = 1; i <= 1000; i++)
            pace.Waited(1000 + i % 200, TimeSpan.FromSeconds(i * scale / 1000));
        var (_, _, mean, p50, p95) = pace.Read(1200);
        Assert.InRange(p50!.Value.TotalSeconds, 0.5 * scale, Math.Max(0.5 * scale * 1.26, 0.00008));
        Assert.InRange(mean!.Value.TotalSeconds, 0.4999 * scale, 0.5006 * scale);
        Assert.InRange(p95!.Value.TotalSeconds, 0.95 * scale, Math.Max(0.95 * scale * 1.26, 0.00008));
    }

    [Fact]
    public void Waits_of_more_than_five_minutes_ago_do_not_count()
    {
        var pace = new QueuePace();
        pace.Waited(1000, TimeSpan.FromSeconds(100));
        pace.Waited(1250, TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(50.5), pace.Read(1250).Mean);
        Assert.Equal(TimeSpan.FromSeconds(1), pace.Read(1400).Mean);
        Assert.Equal(default, pace.Read(3000));
        pace.Waited(1000 + 310, TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(2), pace.Read(1310).Mean);
    }

    [Fact]
    public void A_wait_that_a_change_of_the_clock_made_negative_counts_as_none()
    {
        var pace = new QueuePace();
        pace.Waited(1000, TimeSpan.FromSeconds(-5));
        Assert.Equal(TimeSpan.Zero, pace.Read(1000).Mean);
    }

    [Fact]
    public void Queues_that_have_fallen_asleep_are_forgotten()
    {
        var clock = new FakeClock();
        var paces = new QueuePaces(clock);
        paces.Ended("q", 60);
        Assert.Equal(1, paces.Read("q").Rate);
        clock.Advance(TimeSpan.FromMinutes(10));
        paces.Sweep();
        Assert.Equal(default, paces.Read("q"));
    }
}
