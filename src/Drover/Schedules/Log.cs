using Microsoft.Extensions.Logging;

namespace Drover.Schedules;

internal static partial class Log
{
    [LoggerMessage(1201, LogLevel.Warning, "Schedules cannot be read now and fire later: {Reason}")]
    public static partial void SchedulesAway(this ILogger log, string reason);

    [LoggerMessage(1202, LogLevel.Error, "The schedule '{Name}' cannot fire on this node: {Reason}")]
    public static partial void ScheduleUnreadable(this ILogger log, string name, string reason);

    [LoggerMessage(1203, LogLevel.Warning, "The schedule '{Name}' missed firings since {Since}: {Follows}")]
    public static partial void FiringsMissed(this ILogger log, string name, DateTimeOffset since, string follows);

    [LoggerMessage(1204, LogLevel.Warning, "The firing of '{Name}' at {Due} was refused: {Reason}")]
    public static partial void FiringRefused(this ILogger log, string name, DateTimeOffset due, string reason);
}
