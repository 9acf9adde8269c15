using Drover.Jobs;

namespace Drover.Server.Contracts;

/// <summary>Jobs that are accepted, counted and canceled together, with a job that starts when all of them have ended.</summary>
public sealed record BatchRequest
{
    /// <summary>The jobs, 1 to 10,000 with the completion.</summary>
    public IReadOnlyList<JobRequest>? Jobs { get; init; }

    /// <summary>The job that starts when all of them have ended.</summary>
    public JobRequest? Completion { get; init; }

    /// <summary>How they must have ended: <c>success</c> (all completed; the default) or <c>always</c>.</summary>
    public AfterOutcome? On { get; init; }
}

/// <summary>A batch.</summary>
public sealed record BatchResponse
{
    /// <summary>Its id; its jobs are listed by <c>GET /jobs?batch_id=</c>.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its jobs by status.</summary>
    public required JobCountsResponse Counts { get; init; }

    /// <summary>Whether all its jobs have ended.</summary>
    public required bool Finished { get; init; }

    /// <summary>The job that starts when all of them have ended.</summary>
    public JobSummary? Completion { get; init; }

    /// <summary>What became of each job that was sent, in order; only in the answer to <c>POST /batches</c>.</summary>
    public IReadOnlyList<JobBulkItem>? Jobs { get; init; }
}

/// <summary>What became of the jobs of a batch that was canceled.</summary>
public sealed record BatchCancelResponse
{
    /// <summary>How many were canceled at once.</summary>
    public required int Canceled { get; init; }

    /// <summary>How many run and were asked to end.</summary>
    public required int Requested { get; init; }
}

/// <summary>What a job waits for: a job or a batch.</summary>
public sealed record AfterBody
{
    /// <summary>The job.</summary>
    public Guid? JobId { get; init; }

    /// <summary>The batch, all of it.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>How it must have ended: <c>success</c> (the default) or <c>always</c>.</summary>
    public AfterOutcome? On { get; init; }
}

/// <summary>What a unique key means.</summary>
public sealed record UniqueBody
{
    /// <summary>How long a job keeps its key: until it is <c>finished</c> (the default) or <c>started</c>.</summary>
    public UniqueUntil? Until { get; init; }

    /// <summary>What becomes of a new job whose key is taken: <c>skip</c> (the default), <c>replace</c> the one that waits, or <c>debounce</c> it: put it off by the new job's <c>delay</c>.</summary>
    public UniqueConflict? OnConflict { get; init; }

    /// <summary>One job in each window of so many seconds, 1 to 86400, whatever became of it. Excludes the others. For jobs that are sent one by one.</summary>
    public double? Window { get; init; }
}
