using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Drover.Redis.Engine;

internal static partial class Log
{
    [LoggerMessage(2201, LogLevel.Warning, "The connection to Redis at {EndPoint} is lost: {Failure}")]
    public static partial void ConnectionLost(ILogger log, string? endPoint, ConnectionFailureType failure, Exception? e);

    [LoggerMessage(2202, LogLevel.Information, "Redis at {EndPoint} is connected again")]
    public static partial void ConnectionRestored(ILogger log, string? endPoint);

    [LoggerMessage(2203, LogLevel.Warning, "Redis at {EndPoint} has appendonly off: acknowledged jobs are lost when it stops; set appendonly yes")]
    public static partial void NotAppending(ILogger log, string endPoint);

    [LoggerMessage(2204, LogLevel.Warning, "Redis at {EndPoint} has appendfsync {Policy}: a loss of power may undo the last moments; appendfsync always does not")]
    public static partial void NotFlushing(ILogger log, string endPoint, string policy);

    [LoggerMessage(2205, LogLevel.Warning, "Redis at {EndPoint} does not show its configuration: whether it keeps what it acknowledges is not known ({Reason})")]
    public static partial void NotShown(ILogger log, string endPoint, string reason);

    [LoggerMessage(2206, LogLevel.Warning, "Redis at {EndPoint} may evict keys (maxmemory-policy {Policy}); set noeviction")]
    public static partial void MayEvict(ILogger log, string endPoint, string policy);

    [LoggerMessage(2207, LogLevel.Information, "{Count} running jobs have a fresh lease after Redis was away")]
    public static partial void LeasesRefreshed(ILogger log, long count);

    [LoggerMessage(2208, LogLevel.Warning, "This node could not tell Redis that it is alive")]
    public static partial void NotTold(ILogger log, Exception e);

    [LoggerMessage(2209, LogLevel.Warning, "A message of another node could not be read; is it of another version?")]
    public static partial void NotNews(ILogger log, Exception e);

    [LoggerMessage(2210, LogLevel.Information, "The jobs under {Prefix} are brought to schema {Version}")]
    public static partial void Upgrading(ILogger log, string prefix, int version);
}
