using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.NetQueue.Server;

/// <summary>
/// A finish that is sent again finds its own first try as a lost lease. When the attempt ended just as it says, in the
/// same worker's hands, that was it, and the worker hears so.
/// </summary>
internal static class FinishedBefore
{
    public static async ValueTask<IReadOnlyList<JobChange>> LookAsync(
        IBroker broker, string workerId, IReadOnlyList<FinishRequest> finishes, IReadOnlyList<JobChange> changes)
    {
        if (changes.All(change => change.Result != ChangeResult.LeaseLost))
            return changes;
        var jobs = await broker.GetAsync([.. finishes.Select(finish => finish.Lease.JobId)]).ConfigureAwait(false);
        return [.. changes.Select((change, n) => change.Result == ChangeResult.LeaseLost && IsThis(finishes[n], jobs[n], workerId)
            ? change with { Result = ChangeResult.Done, From = JobStatus.Running }
            : change)];
    }

    private static bool IsThis(FinishRequest finish, Job? job, string workerId) =>
        job?.Attempts.FirstOrDefault(attempt => attempt.Number == finish.Lease.Attempt) is { Outcome: { } outcome } attempt
        && attempt.WorkerId == workerId && outcome.Kind == finish.Outcome.Kind && outcome.ExitCode == finish.Outcome.ExitCode
        && outcome.Reason == finish.Outcome.Reason && outcome.Error == finish.Outcome.Error;
}
