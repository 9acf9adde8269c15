namespace Drover.Server.Problems;

internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Error, "{Method} {Path} failed ({TraceId})")]
    public static partial void Failed(this ILogger log, Exception error, string method, string path, string traceId);

    [LoggerMessage(3001, LogLevel.Warning, "{Method} {Path} was refused, the store cannot work: {Reason}")]
    public static partial void StoreUnavailable(this ILogger log, string method, string path, string reason);
}
