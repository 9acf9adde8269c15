using Microsoft.Extensions.Logging;

namespace Drover.NetQueue.Client;

internal static partial class Log
{
    [LoggerMessage(4101, LogLevel.Information, "Connected to the queue server {Server}; {Again} requests are sent again.")]
    public static partial void Connected(ILogger logger, string server, int again);

    [LoggerMessage(4102, LogLevel.Warning, "No connection to the queue server {Server}, and trying again until there is one: {Reason}")]
    public static partial void Lost(ILogger logger, string server, string reason);

    [LoggerMessage(4105, LogLevel.Debug, "No connection to the queue server {Server} yet; trying again in {Milliseconds} ms: {Reason}")]
    public static partial void StillAway(ILogger logger, string server, int milliseconds, string reason);

    [LoggerMessage(4103, LogLevel.Error, "The queue server {Server} refuses the connection: {Reason}")]
    public static partial void Refused(ILogger logger, string server, string reason);

    [LoggerMessage(4104, LogLevel.Error, "The connection to the queue server failed.")]
    public static partial void Failed(ILogger logger, Exception exception);
}
