using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace Drover.Schedules;

/// <summary>
/// The times of a cron expression in a time zone. Five fields (minute, hour, day of month, month, day of week) or six
/// (second first), with <c>*</c>, lists, ranges, steps, names, <c>L</c>, <c>W</c>, <c>#</c>, and the words <c>@hourly</c>,
/// <c>@daily</c>, <c>@weekly</c>, <c>@monthly</c>, <c>@yearly</c>, <c>@every_minute</c>, <c>@every_second</c>. When both
/// days are given both must match. When the clock is set forward, times that do not exist take place right after the gap;
/// when it is set back, a fixed time (<c>30 2 * * *</c>) takes place once, an interval (<c>*/10 * * * *</c>) goes on in
/// both hours. Source of the rules: the Cronos library, which follows Vixie cron in the clock changes.
/// </summary>
public sealed class CronTimes
{
    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    private CronTimes(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <summary>Reads an expression; says for each of the two what is wrong with it.</summary>
    /// <param name="cron">The expression.</param>
    /// <param name="timeZone">An IANA name.</param>
    /// <param name="times">The times, when both are right.</param>
    /// <param name="cronError">What is wrong with the expression; null when nothing is.</param>
    /// <param name="zoneError">What is wrong with the time zone; null when nothing is.</param>
    public static bool TryParse(string cron, string timeZone, [NotNullWhen(true)] out CronTimes? times, out string? cronError, out string? zoneError)
    {
        (times, cronError, zoneError) = (null, null, null);
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
            zoneError = $"There is no time zone '{timeZone}' on this machine; give an IANA name such as UTC or Europe/Berlin.";
        CronExpression? expression = null;
        try
        {
            int fields = cron.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Length;
            expression = CronExpression.Parse(cron, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
        }
        catch (CronFormatException e)
        {
            cronError = $"Is not a cron expression: {e.Message.TrimEnd('.')}. Five fields are wanted (minute hour day month weekday), or six with the second first.";
        }

        if (expression is null || zone is null)
            return false;
        times = new(expression, zone);
        return true;
    }

    /// <summary>The first time after a moment, in the zone's offset; null when there is none any more.</summary>
    public DateTimeOffset? After(DateTimeOffset moment) => _expression.GetNextOccurrence(moment, _zone);

    /// <summary>The next times after a moment, at most <paramref name="count"/>.</summary>
    public IReadOnlyList<DateTimeOffset> Next(DateTimeOffset moment, int count)
    {
        var times = new List<DateTimeOffset>(count);
        for (DateTimeOffset? next = After(moment); next is { } time && times.Count < count; next = After(time))
            times.Add(time);
        return times;
    }

    /// <summary>The last time that is not before <paramref name="first"/> (itself a time) and not after <paramref name="now"/>.</summary>
    internal DateTimeOffset Latest(DateTimeOffset first, DateTimeOffset now)
    {
        // From near to far: an expression with seconds has 31 million times in a year of absence.
        foreach (var back in (ReadOnlySpan<TimeSpan>)[TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(32), TimeSpan.FromDays(366)])
        {
            var start = now - back;
            if (start <= first)
                break;
            if (After(start) is { } found && found <= now)
                return Last(found, now);
        }

        return Last(first, now);
    }

    private DateTimeOffset Last(DateTimeOffset time, DateTimeOffset now)
    {
        while (After(time) is { } next && next <= now)
            time = next;
        return time;
    }
}
