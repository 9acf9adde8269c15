using Microsoft.Extensions.Logging;

namespace Drover.Postgres.Engine;

internal static partial class Log
{
    [LoggerMessage(2301, LogLevel.Warning, "This node's session with PostgreSQL is lost; it is connected again as soon as that works")]
    public static partial void SessionLost(ILogger log, Exception e);

    [LoggerMessage(2302, LogLevel.Information, "This node's session with PostgreSQL stands again")]
    public static partial void SessionRestored(ILogger log);

    [LoggerMessage(2303, LogLevel.Information, "{Count} running jobs have a fresh lease after PostgreSQL was away")]
    public static partial void LeasesRefreshed(ILogger log, int count);

    [LoggerMessage(2304, LogLevel.Warning, "This node could not tell the others what it changed; they look for themselves")]
    public static partial void NotTold(ILogger log, Exception e);

    [LoggerMessage(2305, LogLevel.Warning, "A message of another node could not be read; is it of another version?")]
    public static partial void NotNews(ILogger log, Exception e);

    [LoggerMessage(2306, LogLevel.Information, "This node does the duties now")]
    public static partial void Leads(ILogger log);
}
