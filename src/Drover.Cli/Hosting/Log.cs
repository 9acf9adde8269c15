using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Information, "Waiting for the queue server at {Address}: {Reason}")]
    public static partial void WaitingForQueue(this ILogger log, string address, string reason);

    [LoggerMessage(5003, LogLevel.Warning, "Waiting for the store at {Address}: {Reason}")]
    public static partial void WaitingForStore(this ILogger log, string address, string reason);

    [LoggerMessage(5002, LogLevel.Warning, "No worker or producer can come over NetQueue: cannot listen on {Address} ({Reason}). Choose another with --netqueue-addr, or off")]
    public static partial void NoQueueServer(this ILogger log, string address, string reason);
}
