using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Workers;

internal static partial class Log
{
    [LoggerMessage(1101, LogLevel.Information, "Worker '{Worker}' is ready: {Slots} slots, queues {Queues}")]
    public static partial void WorkerReady(this ILogger log, string worker, int slots, string queues);

    [LoggerMessage(1102, LogLevel.Warning, "The broker cannot be reached and is tried again: {Reason}")]
    public static partial void ConnectFailed(this ILogger log, string reason);

    [LoggerMessage(1103, LogLevel.Warning, "The session with the broker ended; connecting again")]
    public static partial void SessionEnded(this ILogger log, Exception? error);

    [LoggerMessage(1104, LogLevel.Error, "The worker stops. {Reason}")]
    public static partial void Replaced(this ILogger log, string reason);

    [LoggerMessage(1105, LogLevel.Warning, "No jobs can be leased now: {Reason}")]
    public static partial void LeasingFailed(this ILogger log, string reason);

    [LoggerMessage(1106, LogLevel.Information, "Draining: no new jobs, {Count} in hand")]
    public static partial void Draining(this ILogger log, int count);

    [LoggerMessage(1107, LogLevel.Warning, "{Count} jobs are not done in time and are stopped")]
    public static partial void StoppingJobs(this ILogger log, int count);

    [LoggerMessage(1108, LogLevel.Error, "{Count} jobs did not stop or could not be reported; their leases will run out")]
    public static partial void JobsLeft(this ILogger log, int count);

    [LoggerMessage(1109, LogLevel.Information, "Worker '{Worker}' has left")]
    public static partial void WorkerEnded(this ILogger log, string worker);

    [LoggerMessage(1110, LogLevel.Error, "The executor of job {Job}, attempt {Attempt}, failed: a fault in Drover")]
    public static partial void ExecutorFailed(this ILogger log, Exception error, Guid job, int attempt);

    [LoggerMessage(1111, LogLevel.Warning, "The lease of job {Job}, attempt {Attempt}, is lost; its work is stopped")]
    public static partial void LeaseLost(this ILogger log, Guid job, int attempt);

    [LoggerMessage(1112, LogLevel.Warning, "Leases cannot be renewed now and are tried again: {Reason}")]
    public static partial void RenewalsFail(this ILogger log, string reason);

    [LoggerMessage(1113, LogLevel.Information, "Leases are renewed again")]
    public static partial void RenewalsWork(this ILogger log);

    [LoggerMessage(1114, LogLevel.Warning, "{Count} outcomes cannot be delivered now; they are kept and sent again: {Reason}")]
    public static partial void FinishesDelayed(this ILogger log, int count, string reason);

    [LoggerMessage(1115, LogLevel.Error, "{Count} outcomes could not be delivered")]
    public static partial void FinishesFailed(this ILogger log, Exception error, int count);

    [LoggerMessage(1116, LogLevel.Information, "{Count} outcomes that had been kept were delivered")]
    public static partial void FinishesSent(this ILogger log, int count);

    [LoggerMessage(1117, LogLevel.Warning, "The broker did not take the outcome of job {Job}, attempt {Attempt}: {Result}")]
    public static partial void FinishRefused(this ILogger log, Guid job, int attempt, ChangeResult result);

}
