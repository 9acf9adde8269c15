using Microsoft.Extensions.Logging;

namespace Drover.Brokers;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Worker '{Worker}' connected ({Slots} slots, host {Host})")]
    public static partial void WorkerConnected(this ILogger log, string worker, int slots, string host);

    [LoggerMessage(1002, LogLevel.Information, "Worker '{Worker}' left")]
    public static partial void WorkerLeft(this ILogger log, string worker);

    [LoggerMessage(1003, LogLevel.Warning, "Worker '{Worker}' has not been heard of for {Silence} and is taken for gone")]
    public static partial void WorkerSilent(this ILogger log, string worker, TimeSpan silence);

    [LoggerMessage(1004, LogLevel.Warning, "Worker '{Worker}' connected anew: its earlier instance is taken for dead, {Lost} of its attempts are lost")]
    public static partial void WorkerReplaced(this ILogger log, string worker, int lost);

    [LoggerMessage(1005, LogLevel.Warning, "{Count} attempts were lost with their workers: their leases ran out")]
    public static partial void LeasesLost(this ILogger log, int count);

    [LoggerMessage(1006, LogLevel.Warning, "The server '{Server}' could not be looked up now, its job goes back to the queue: {Reason}")]
    public static partial void TargetDelayed(this ILogger log, string server, string reason);

    [LoggerMessage(1007, LogLevel.Error, "The server '{Server}' could not be looked up")]
    public static partial void TargetFailed(this ILogger log, Exception error, string server);

    [LoggerMessage(1008, LogLevel.Warning, "Leased jobs that cannot run could not be given back; their leases will run out")]
    public static partial void NotGivenBack(this ILogger log, Exception error);

    [LoggerMessage(1010, LogLevel.Warning, "The duty '{Duty}' cannot do its work and will try again: {Reason}")]
    public static partial void DutyUnavailable(this ILogger log, string duty, string reason);

    [LoggerMessage(1011, LogLevel.Error, "The duty '{Duty}' failed and will try again")]
    public static partial void DutyFailed(this ILogger log, Exception error, string duty);

    [LoggerMessage(1012, LogLevel.Information, "The duty '{Duty}' works again")]
    public static partial void DutyRecovered(this ILogger log, string duty);

    [LoggerMessage(1013, LogLevel.Warning, "The wall clock was set {Direction} by {Difference}; leases and delays are not affected, jobs with a set time follow the new one")]
    public static partial void ClockJumped(this ILogger log, string direction, TimeSpan difference);

    [LoggerMessage(1014, LogLevel.Warning, "This process stood still for {Gap}; workers are given {Grace} to renew their leases")]
    public static partial void StoodStill(this ILogger log, TimeSpan gap, TimeSpan grace);

    [LoggerMessage(1015, LogLevel.Information, "{Count} finished jobs were deleted because they are older than they are to be kept")]
    public static partial void JobsRetired(this ILogger log, long count);

    [LoggerMessage(1016, LogLevel.Error, "The request {Number} of the inbox can never be accepted and was laid aside: {Reason}")]
    public static partial void LaidAside(this ILogger log, long number, string reason);

    [LoggerMessage(1017, LogLevel.Information, "The job {Job} of a transaction was not created: the job {Other} has its unique key '{Key}'")]
    public static partial void NotCreated(this ILogger log, Guid job, string? key, Guid other);

    [LoggerMessage(1019, LogLevel.Warning, "The other nodes could not be told of this node's workers: {Reason}")]
    public static partial void WorkersNotTold(this ILogger log, string reason);

    [LoggerMessage(1018, LogLevel.Warning, "Jobs of transactions wait in the inbox: the queue '{Queue}' is full")]
    public static partial void QueueIsFull(this ILogger log, string queue);
}
