using Microsoft.Extensions.Logging;

namespace Drover.Hosting;

internal static partial class Log
{
    [LoggerMessage(2701, LogLevel.Warning, "The {Count} schedules of this program cannot be declared now and are when the store is back: {Reason}")]
    public static partial void SchedulesWait(this ILogger log, int count, string reason);
}
