using System.Globalization;
using Drover.Schedules;

namespace Drover.Tests.Schedules;

public sealed class CronTimesTests
{
    [Theory]
    // Set forward at 2:00 on 29 March 2026: 2:30 does not exist and takes place when the gap ends.
    [InlineData("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z,2026-03-30T00:30:00Z")]
    // Set back at 3:00 on 25 October 2026: a fixed time takes place once, an interval in both hours.
    [InlineData("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z,2026-10-26T01:30:00Z")]
    [InlineData("*/30 * * * *", "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z,2026-10-25T01:00:00Z,2026-10-25T01:30:00Z")]
    [InlineData("0 30 9 * * MON-FRI", "2026-03-06T09:00:00Z", "2026-03-09T08:30:00Z")]
    [InlineData("@daily", "2026-06-01T00:00:00Z", "2026-06-01T22:00:00Z")]
    public void Clock_changes_in_Berlin_follow_the_stated_rule(string cron, string after, string expected)
    {
        Assert.True(CronTimes.TryParse(cron, "Europe/Berlin", out var times, out _, out _));
        var wanted = expected.Split(',').Select(t => DateTimeOffset.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(wanted, times.Next(DateTimeOffset.Parse(after, CultureInfo.InvariantCulture), wanted.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("every day")]
    public void What_is_no_expression_is_told_with_the_fields_that_are_wanted(string cron)
    {
        Assert.False(CronTimes.TryParse(cron, "UTC", out _, out string? error, out string? zone));
        Assert.Contains("Five fields", error, StringComparison.Ordinal);
        Assert.Null(zone);
    }
}
