using Drover.Jobs;

namespace Drover.Storage;

/// <summary>Jobs to accept together.</summary>
/// <param name="Jobs">1 to <see cref="JobRules.MaxBatch"/> valid specs.</param>
/// <param name="IdempotencyKey">A second request with this key within 24 hours gets the first one's answer; null for none.</param>
/// <param name="Fingerprint">A digest of the request, by which the same key for another request is told apart; null when there is no key.</param>
public sealed record EnqueueRequest(IReadOnlyList<JobSpec> Jobs, string? IdempotencyKey = null, string? Fingerprint = null)
{
    /// <summary>One job.</summary>
    public EnqueueRequest(JobSpec job) : this([job]) { }

    /// <summary>
    /// The first job's id, made with <see cref="JobId.New"/> by a producer that may have to ask again whether its request
    /// arrived; the other jobs' ids count up from it (<see cref="JobId.Following"/>). Null: the store makes the ids.
    /// </summary>
    public Guid? FirstId { get; init; }

    /// <summary>Whether requests that are sent one after another, without waiting for the answers, keep their order; a store that gathers requests in several groups takes care of it.</summary>
    public bool Ordered { get; init; }
}

/// <summary>What became of an enqueue.</summary>
/// <param name="Jobs">One for each spec, in order.</param>
/// <param name="Replayed">The idempotency key was known: this is the first answer as it was then, whatever became of the jobs; nothing was created.</param>
public sealed record EnqueueResult(IReadOnlyList<EnqueuedJob> Jobs, bool Replayed);

/// <summary>What became of one spec.</summary>
/// <param name="Id">The new job, or the unfinished one that has its unique key.</param>
/// <param name="Status">Its status when the call answered.</param>
/// <param name="Duplicate">A job with its unique key was there already; nothing was created.</param>
public readonly record struct EnqueuedJob(Guid Id, JobStatus Status, bool Duplicate);

/// <summary>Names a lease: the pair is the fencing token that every write of a worker carries.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">The attempt.</param>
public readonly record struct LeaseToken(Guid JobId, int Attempt);

/// <summary>A worker asks for jobs.</summary>
public sealed record LeaseRequest
{
    /// <summary>Who asks.</summary>
    public required string WorkerId { get; init; }

    /// <summary>Which start of that worker asks; see <see cref="IJobStore.LoseWorkerAsync"/>.</summary>
    public required Guid InstanceId { get; init; }

    /// <summary>At most this many; 1 or more.</summary>
    public required int Max { get; init; }

    /// <summary>How long the leases last unless renewed.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The queues it serves.</summary>
    public required IReadOnlyList<QueueShare> Queues { get; init; }

    /// <summary>What it can run.</summary>
    public required WorkerCapabilities Capabilities { get; init; }

    /// <summary>
    /// By limit key (<see cref="JobRules.LimitKeyOf"/>, or <see cref="JobRules.QueueLimitKey"/> for all jobs of a queue) how many jobs this call may
    /// lease at most; 0 for none. Others, and null, are not bound. A job that is bound holds up no others.
    /// </summary>
    public IReadOnlyDictionary<string, int>? Permits { get; init; }
}

/// <summary>A queue that a worker serves.</summary>
/// <param name="Name">The queue; <c>*</c> for every queue that is not named beside it, each with this weight.</param>
/// <param name="Weight">Its share of the worker's attention when several have ready jobs; 1 or more. Equal weights: the most urgent job of all queues comes first.</param>
public readonly record struct QueueShare(string Name, int Weight = 1);

/// <summary>What a worker can run.</summary>
/// <param name="Shell">Commands and scripts.</param>
/// <param name="JobTypes">The task types it has handlers for.</param>
/// <param name="Labels">The labels it carries.</param>
public sealed record WorkerCapabilities(bool Shell, IReadOnlySet<string> JobTypes, IReadOnlySet<string> Labels)
{
    /// <summary>Whether it can run a job with these needs (<see cref="JobRules.NeedsOf"/>).</summary>
    public bool Satisfies(string needs)
    {
        string[] parts = needs.Split(';');
        bool runs = parts[0] == "shell" ? Shell : JobTypes.Contains(parts[0]["task:".Length..]);
        return runs && parts.Skip(1).All(Labels.Contains);
    }
}

/// <summary>A job in a worker's hands.</summary>
public sealed record Lease
{
    /// <summary>Job and attempt.</summary>
    public required LeaseToken Token { get; init; }

    /// <summary>What to run.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>When it became ready (accepted, promoted, retried, handed back), to tell how long it waited.</summary>
    public required DateTimeOffset ReadyAt { get; init; }

    /// <summary>When it was leased.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The seq of the attempt's first output entry: one more than the job's last.</summary>
    public required long FirstOutputSeq { get; init; }

    /// <summary>Where and as whom to run a command or script; null for a task. Filled by the broker, never stored.</summary>
    public Servers.ExecutionTarget? Target { get; init; }
}

/// <summary>What became of a renewal.</summary>
/// <param name="Held">Whether the lease is still held; when not, the worker must stop the attempt and write nothing more.</param>
/// <param name="CancelRequested">Whether somebody asked to cancel the job.</param>
public readonly record struct RenewResult(bool Held, bool CancelRequested);

/// <summary>Ends an attempt.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record FinishRequest(LeaseToken Lease, AttemptOutcome Outcome);

/// <summary>Whether a change took place.</summary>
public enum ChangeResult : byte
{
    /// <summary>It did.</summary>
    Done,

    /// <summary>It was noted and will follow (cancel of a running job).</summary>
    Accepted,

    /// <summary>There is no such job.</summary>
    NotFound,

    /// <summary>The job's status does not allow it.</summary>
    Conflict,

    /// <summary>The lease is no longer held: the attempt ended, or another one runs.</summary>
    LeaseLost,
}

/// <summary>What became of a change to a job.</summary>
/// <param name="Id">The job.</param>
/// <param name="Result">Whether it took place.</param>
/// <param name="From">The status before; the present one when nothing changed; default when there is no such job.</param>
/// <param name="To">The status now; of a deleted job the last.</param>
/// <param name="Queue">Its queue; empty when there is no such job.</param>
/// <param name="Attempt">Its latest attempt.</param>
/// <param name="WorkerId">Who holds, or last held, its lease; null for nobody.</param>
public readonly record struct JobChange(Guid Id, ChangeResult Result, JobStatus From, JobStatus To, string Queue, int Attempt, string? WorkerId);

/// <summary>Changes to a job that waits.</summary>
/// <param name="Priority">The new priority, 1 to 10; null to leave it.</param>
/// <param name="RunAt">The new time; null to leave it.</param>
public sealed record JobUpdate(int? Priority = null, DateTimeOffset? RunAt = null);

/// <summary>What became due.</summary>
/// <param name="Changes">The jobs that are ready now.</param>
/// <param name="NextDue">How long until the next is due; null when none waits. Zero when more are due than were asked for.</param>
public sealed record PromoteResult(IReadOnlyList<JobChange> Changes, TimeSpan? NextDue);

/// <summary>How long finished jobs are kept. Null keeps them for ever.</summary>
/// <param name="Completed">Completed and canceled jobs.</param>
/// <param name="Failed">Failed jobs.</param>
public sealed record RetentionPolicy(TimeSpan? Completed, TimeSpan? Failed);

/// <summary>A queue at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Paused">Whether nothing is leased from it.</param>
/// <param name="DepthByPriority">How many jobs are ready in it, by priority: index 0 for priority 1, ten numbers.</param>
/// <param name="Scheduled">How many are scheduled.</param>
/// <param name="Retrying">How many wait for their backoff.</param>
/// <param name="Running">How many run.</param>
/// <param name="OldestReadyAt">Since when the longest waiting of its lines' first jobs is ready (see <see cref="QueueOptions.StarvationPeriod"/>); null when none is.</param>
public sealed record QueueInfo(
    string Name, bool Paused, IReadOnlyList<long> DepthByPriority, long Scheduled, long Retrying, long Running, DateTimeOffset? OldestReadyAt)
{
    /// <summary>How many jobs are ready in it.</summary>
    public long Depth => DepthByPriority.Sum();
}

/// <summary>What ended in one interval.</summary>
/// <param name="At">The interval's beginning.</param>
/// <param name="Completed">Jobs that completed.</param>
/// <param name="Failed">Jobs that failed for good.</param>
/// <param name="Canceled">Jobs that were canceled.</param>
/// <param name="MeanDuration">The mean time from last start to end of those that completed or failed; null when there is none.</param>
public sealed record ThroughputPoint(DateTimeOffset At, long Completed, long Failed, long Canceled, TimeSpan? MeanDuration);
