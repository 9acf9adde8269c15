using Microsoft.Extensions.Logging;

namespace Drover.EntityFrameworkCore;

internal static partial class Log
{
    [LoggerMessage(2601, LogLevel.Warning, "The outbox cannot be handed on now; it will be tried again")]
    public static partial void RelayFailed(this ILogger log, Exception error);

    [LoggerMessage(2602, LogLevel.Information, "The outbox is handed on again")]
    public static partial void RelayRecovered(this ILogger log);

    [LoggerMessage(2603, LogLevel.Error, "The row {Id} of the outbox can never be accepted and was laid aside: {Reason}")]
    public static partial void LaidAside(this ILogger log, Guid id, string reason);

    [LoggerMessage(2604, LogLevel.Information, "The job {Job} of the outbox was not created: the job {Other} has its unique key '{Key}'")]
    public static partial void NotCreated(this ILogger log, Guid job, string? key, Guid other);

    [LoggerMessage(2605, LogLevel.Warning, "Jobs wait in the outbox: the queue '{Queue}' is full")]
    public static partial void QueueIsFull(this ILogger log, string queue);
}
