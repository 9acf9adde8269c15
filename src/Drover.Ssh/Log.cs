using Microsoft.Extensions.Logging;

namespace Drover.Ssh;

/// <summary>What the SSH executor logs. Event ids 4100 to 4199.</summary>
internal static partial class Log
{
    [LoggerMessage(4100, LogLevel.Debug, "Connected to {Server} in {Milliseconds:0} ms")]
    public static partial void Connected(ILogger logger, string server, double milliseconds);

    [LoggerMessage(4101, LogLevel.Warning, "No connection to {Server}: {Reason}: {Message}")]
    public static partial void ConnectFailed(ILogger logger, string server, string reason, string message);

    [LoggerMessage(4102, LogLevel.Debug, "Connect to {Server} failed and is tried again in {Milliseconds:0} ms: {Message}")]
    public static partial void ConnectRetried(ILogger logger, string server, double milliseconds, string message);

    [LoggerMessage(4103, LogLevel.Warning, "Connection to {Server} lost: {Why}")]
    public static partial void ConnectionLost(ILogger logger, string server, string why);

    [LoggerMessage(4104, LogLevel.Information, "{Server} allows only {Sessions} sessions on a connection")]
    public static partial void FewerSessions(ILogger logger, string server, int sessions);
}
