using Drover.Jobs;
using Drover.Storage;

namespace Drover.Brokers;

/// <summary>
/// Guards the number of an attempt where the store cannot. A start that is recorded lazily may be forgotten by a crash, and
/// its number is then given out again; a worker elsewhere that outlived the crash holds a lease of the same name. What a
/// session has not leased from this broker is therefore held against the record: it counts when the attempt runs, and in
/// this worker's hands. (Connecting has ended the attempts of the worker's earlier instances.)
/// </summary>
internal sealed class LeaseFence(IJobStore store)
{
    /// <summary>No attempt has this number, so that the store finds a lease under it lost.</summary>
    private const int NoAttempt = -1;

    /// <summary>The leases as they came, those that are not this worker's under a number that no attempt has.</summary>
    public async ValueTask<IReadOnlyList<LeaseToken>> CheckAsync(WorkerSession session, IReadOnlyList<LeaseToken> leases, CancellationToken cancel)
    {
        var others = leases.Where(lease => !session.Held.Contains(lease)).Select(lease => lease.JobId).Distinct().ToList();
        var jobs = (await store.GetAsync(others, cancel)).Where(job => job is not null).ToDictionary(job => job!.Id, job => job!);
        return [.. leases.Select(lease => jobs.TryGetValue(lease.JobId, out var job) && !session.Held.Contains(lease) && IsForgotten(lease, job, session.Worker.Id)
            ? lease with { Attempt = NoAttempt } : lease)];
    }

    /// <summary>
    /// Whether the record knows nothing of this start, or gave its number to another worker's. Of the rest the store
    /// itself can tell, as numbers only rise from here.
    /// </summary>
    private static bool IsForgotten(LeaseToken lease, Job job, string workerId) =>
        lease.Attempt > job.Attempt || (lease.Attempt == job.Attempt && job.Status == JobStatus.Running && job.WorkerId != workerId);
}
