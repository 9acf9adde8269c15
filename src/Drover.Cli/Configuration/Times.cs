using System.Globalization;

namespace Drover.Cli.Configuration;

/// <summary>Points in time as people write them.</summary>
internal static class Times
{
    public const string Form = "a time such as 2027-01-31T02:00:00Z, '2027-01-31 02:00' or 02:00";

    /// <summary>A date and time (local unless it says otherwise), or a time of day: the next such.</summary>
    public static bool TryFuture(string text, DateTimeOffset now, TimeZoneInfo zone, out DateTimeOffset time)
    {
        if (!TimeOnly.TryParseExact(text, ["H:mm", "H:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var ofDay))
            return TryTime(text, zone, out time);
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        time = At(day, ofDay, zone);
        if (time <= now)
            time = At(day.AddDays(1), ofDay, zone);
        return true;
    }

    /// <summary>A date and time, or a duration: so long ago.</summary>
    public static bool TryPast(string text, DateTimeOffset now, TimeZoneInfo zone, out DateTimeOffset time)
    {
        if (!Units.TryDuration(text, out var ago) || ago > TimeSpan.FromDays(36500))
            return TryTime(text, zone, out time);
        time = now - ago;
        return true;
    }

    private static DateTimeOffset At(DateOnly day, TimeOnly ofDay, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(ofDay);
        return new(local, zone.GetUtcOffset(local));
    }

    private static bool TryTime(string text, TimeZoneInfo zone, out DateTimeOffset time)
    {
        time = default;
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var local) || !text.Contains('-', StringComparison.Ordinal))
            return false;
        return local.Kind == DateTimeKind.Unspecified
            ? (time = new(local, zone.GetUtcOffset(local))) != default
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }
}
