using Drover.Cli.Configuration;

namespace Drover.Tests.Cli;

public sealed class TimesTests
{
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone("two", TimeSpan.FromHours(2), "two", "two");
    private static readonly DateTimeOffset Now = new(2027, 1, 31, 10, 0, 0, TimeSpan.FromHours(2));

    [Theory]
    [InlineData("2027-02-01T02:00:00Z", "2027-02-01T02:00:00Z")]
    [InlineData("2027-02-01T02:00:00+05:00", "2027-01-31T21:00:00Z")]
    [InlineData("2027-02-01 02:00", "2027-02-01T00:00:00Z")]
    [InlineData("2027-02-01", "2027-01-31T22:00:00Z")]
    [InlineData("11:30", "2027-01-31T09:30:00Z")]
    [InlineData("9:30", "2027-02-01T07:30:00Z")]
    [InlineData("10:00", "2027-02-01T08:00:00Z")]
    public void A_time_to_come_is_read_in_local_time_unless_it_says_otherwise(string text, string utc)
    {
        Assert.True(Times.TryFuture(text, Now, Zone, out var time));
        Assert.Equal(DateTimeOffset.Parse(utc, null), time);
    }

    [Theory]
    [InlineData("2h", "2027-01-31T06:00:00Z")]
    [InlineData("1d", "2027-01-30T08:00:00Z")]
    [InlineData("2027-01-01", "2026-12-31T22:00:00Z")]
    public void A_time_that_was_may_be_told_as_how_long_ago(string text, string utc)
    {
        Assert.True(Times.TryPast(text, Now, Zone, out var time));
        Assert.Equal(DateTimeOffset.Parse(utc, null), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("25:00")]
    [InlineData("2027-13-01")]
    [InlineData("10")]
    public void What_is_no_time_is_refused(string text) => Assert.False(Times.TryFuture(text, Now, Zone, out _));
}
