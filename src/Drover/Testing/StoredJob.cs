using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Testing;

/// <summary>A job as the in-memory store keeps it; touched only under the store's lock.</summary>
internal sealed class StoredJob(Guid id, long seq, JobSpec spec, DateTimeOffset createdAt)
{
    public Guid Id { get; } = id;
    public long Seq { get; } = seq;
    public JobSpec Spec { get; } = spec;
    public string Needs { get; } = JobRules.NeedsOf(spec);
    public string? LimitKey { get; } = JobRules.LimitKeyOf(spec);
    public DateTimeOffset CreatedAt { get; } = createdAt;

    public JobStatus Status { get; set; }
    public int Priority { get; set; } = spec.Priority;
    public DateTimeOffset? RunAt { get; set; }

    /// <summary>For a delay: when it is over on the steady clock, which a change of the wall clock does not move.</summary>
    public long? DueStamp { get; set; }

    public DateTimeOffset ReadyAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public int AttemptsUsed { get; set; }
    public AttemptOutcome? Outcome { get; set; }
    public DateTimeOffset? CancelRequestedAt { get; set; }
    public string? CanceledBy { get; set; }
    public string? WorkerId { get; set; }
    public Guid InstanceId { get; set; }

    /// <summary>When its lease runs out, on the steady clock.</summary>
    public long LeaseStamp { get; set; }

    public List<JobAttempt> Attempts { get; } = [];
    public List<OutputEntry> Output { get; } = [];
    public long LastOutputSeq { get; set; }

    public int Attempt => Attempts.Count;

    public JobChange Change(ChangeResult result, JobStatus from) => new(Id, result, from, Status, Spec.Queue, Attempt, WorkerId);

    public Job ToJob(bool withAttempts) => new()
    {
        Id = Id,
        Seq = Seq,
        Spec = Spec,
        Status = Status,
        Priority = Priority,
        CreatedAt = CreatedAt,
        RunAt = RunAt,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        Attempt = Attempt,
        AttemptsUsed = AttemptsUsed,
        Outcome = Outcome,
        CancelRequestedAt = CancelRequestedAt,
        CanceledBy = CanceledBy,
        WorkerId = WorkerId,
        Attempts = withAttempts ? [.. Attempts] : [],
    };
}
