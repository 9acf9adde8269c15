using Drover.Jobs;
using Drover.Output;

namespace Drover.Storage;

/// <summary>
/// The one truth about jobs: records, attempts, output, and who holds which lease. All members may be called by many
/// callers at once; callers that come one at a time are gathered into groups by the store. Nothing is reported as done
/// before it is as durable as the store was configured to make it. Times are the store's own
/// <see cref="TimeProvider"/>. <c>tests/Drover.StoreTests</c> holds every implementation to these sentences.
/// </summary>
/// <remarks>
/// A call that cannot be carried out for a reason outside (disk full, database away) throws
/// <see cref="StoreUnavailableException"/>; then nothing of it has happened, or, when
/// <see cref="StoreUnavailableException.InDoubt"/>, it may have.
/// </remarks>
public interface IJobStore : IAsyncDisposable
{
    /// <summary>
    /// Accepts the jobs, all or none, in order. The specs are valid (<see cref="JobRules"/>). A unique key counts in all
    /// queues, and within its own batch. A duplicate takes no room in a queue that is full.
    /// </summary>
    /// <exception cref="QueueFullException">A queue would hold more jobs than allowed.</exception>
    /// <exception cref="IdempotencyConflictException">The idempotency key was used within 24 hours for another request.</exception>
    /// <exception cref="JobIdTakenException">The producer chose the ids and one is taken.</exception>
    ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default);

    /// <summary>
    /// Leases up to <see cref="LeaseRequest.Max"/> ready jobs, most urgent first, that the worker can run; does not
    /// wait, the result may be empty. Most urgent is the best priority (<see cref="QueueOptions.StarvationPeriod"/>
    /// may better it), among equals the one accepted first, also when it was scheduled, retried or handed back. Each is now <see cref="JobStatus.Running"/> with its next attempt. The start of a
    /// job whose <see cref="JobSpec.OnWorkerLost"/> is <see cref="WorkerLostPolicy.Fail"/> is durable before the call answers.
    /// </summary>
    ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel = default);

    /// <summary>
    /// Prolongs leases to <paramref name="duration"/> from now; one answer for each token, in order. A lease whose time
    /// ran out is held, and can be prolonged, until <see cref="ExpireLeasesAsync"/> ends its attempt.
    /// </summary>
    ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel = default);

    /// <summary>
    /// Stores output of a leased attempt, then trims. Entries whose seq is not above the last stored one are left out,
    /// so that sending again does no harm; a trim counts as stored up to its end. The bytes are copied. Answers false, and stores nothing, when the lease is lost.
    /// </summary>
    ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default);

    /// <summary>Ends leased attempts; <see cref="JobRules.After"/> decides what follows. One answer for each, in order. A stale lease changes nothing.</summary>
    ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default);

    /// <summary>
    /// Cancels waiting jobs at once (<see cref="ChangeResult.Done"/>); of running ones it stores the request
    /// (<see cref="ChangeResult.Accepted"/>), which the worker is to act on; a second request changes nothing. Jobs that
    /// ended are a <see cref="ChangeResult.Conflict"/>. An id that is named twice is looked at twice, here and below.
    /// </summary>
    ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default);

    /// <summary>
    /// Puts failed jobs back into their queues with fresh attempts, no cancel request and the same id; others are a
    /// conflict, and so is a job whose unique key another unfinished job has by now. A full queue refuses none.
    /// </summary>
    ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default);

    /// <summary>
    /// Changes the priority or time of a job that waits; a conflict when it runs or has ended. A time that has come makes
    /// it queued; one to come makes it scheduled. A new priority leaves its time and its place among equals alone.
    /// </summary>
    ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default);

    /// <summary>Deletes finished jobs with all that belongs to them; others are a conflict.</summary>
    ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default);

    /// <summary>The jobs with these ids, with attempts, in the order asked; null where there is none.</summary>
    ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default);

    /// <summary>A page of jobs. Jobs that are added meanwhile neither repeat nor hide others on later pages.</summary>
    /// <exception cref="ArgumentException">The cursor is none of this sort, or the limit is out of range.</exception>
    ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default);

    /// <summary>Counts jobs by status.</summary>
    ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default);

    /// <summary>Reads output; null when there is no such job.</summary>
    /// <exception cref="ArgumentException">The limit is out of range.</exception>
    ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default);

    /// <summary>
    /// How many jobs ended in each interval from <paramref name="from"/> until before <paramref name="to"/>, how they
    /// ended and how long they took; intervals in which none did are there with zeros.
    /// </summary>
    /// <exception cref="ArgumentException">The interval is not more than zero.</exception>
    ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default);

    /// <summary>
    /// Makes scheduled and retrying jobs whose time has come ready, also in paused queues; at most <paramref name="max"/>,
    /// earliest first. Answers what changed and when the next is due. A delay or backoff follows the steady clock,
    /// a time that was given the wall clock.
    /// </summary>
    ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel = default);

    /// <summary>
    /// Ends the attempts whose lease ran out (<see cref="OutcomeKind.WorkerLost"/>); at most <paramref name="max"/>.
    /// After a restart of the store running jobs have a fresh lease of the old length, so that their workers can go on.
    /// </summary>
    ValueTask<IReadOnlyList<JobChange>> ExpireLeasesAsync(int max, CancellationToken cancel = default);

    /// <summary>Ends at once the attempts held by earlier instances of a worker that has been started anew.</summary>
    ValueTask<IReadOnlyList<JobChange>> LoseWorkerAsync(string workerId, Guid currentInstance, CancellationToken cancel = default);

    /// <summary>Deletes finished jobs that are older than the policy says, and old idempotency keys, in one small batch; answers how many jobs went, so that the caller goes on while it is <paramref name="max"/>.</summary>
    ValueTask<int> RetainAsync(RetentionPolicy policy, int max, CancellationToken cancel = default);

    /// <summary>Every queue that has or had jobs or is paused, by name.</summary>
    ValueTask<IReadOnlyList<QueueInfo>> ListQueuesAsync(CancellationToken cancel = default);

    /// <summary>Pauses or resumes a queue, durably. Running jobs go on.</summary>
    ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default);

    /// <summary>
    /// Sets how many jobs with a limit key (<see cref="JobRules.LimitKeyOf"/>), or of a queue under <see cref="JobRules.QueueLimitKey"/>, may
    /// run at once: 0 parks them all, null lifts the limit.
    /// Jobs over the limit stay queued and hold up no others. Not stored: whoever knows the limits sets them at start.
    /// </summary>
    ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default);

    /// <summary>A round trip to the disk or the database; throws when it does not work.</summary>
    ValueTask PingAsync(CancellationToken cancel = default);
}
