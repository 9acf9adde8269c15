namespace Drover.Jobs;

/// <summary>A job as the store knows it at one moment.</summary>
public sealed record Job
{
    /// <summary>A UUID version 7 (RFC 9562).</summary>
    public required Guid Id { get; init; }

    /// <summary>The store's own number for it, rising in the order of acceptance. It orders lists; it means nothing outside its store.</summary>
    public required long Seq { get; init; }

    /// <summary>What was asked for.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>The priority in force: the spec's, unless it was changed.</summary>
    public required int Priority { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is due, for scheduled and retrying jobs; for others when it was due the last time it waited, null when it became ready at once.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>When the latest attempt started; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reached a final status; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The number of the latest attempt that started; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>How many attempts count against <see cref="JobSpec.MaxAttempts"/>: those handed back or snoozed do not, and a retry by hand starts again at 0.</summary>
    public int AttemptsUsed { get; init; }

    /// <summary>How the latest attempt ended; null before the first has.</summary>
    public AttemptOutcome? Outcome { get; init; }

    /// <summary>When somebody asked to cancel it; null when nobody did.</summary>
    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>Who asked to cancel it.</summary>
    public string? CanceledBy { get; init; }

    /// <summary>The worker that holds its lease, or held the last one; null before the first attempt.</summary>
    public string? WorkerId { get; init; }

    /// <summary>Every attempt in order. Filled by <c>GetAsync</c>, empty in lists.</summary>
    public IReadOnlyList<JobAttempt> Attempts { get; init; } = [];
}

/// <summary>One try at running a job.</summary>
public sealed record JobAttempt
{
    /// <summary>1 for the first.</summary>
    public required int Number { get; init; }

    /// <summary>Who ran it.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When it was leased.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How it ended; null while it runs.</summary>
    public AttemptOutcome? Outcome { get; init; }
}
