namespace Drover.Jobs;

/// <summary>
/// Where a job stands in its life:
/// <c>scheduled → queued → running → completed | failed | canceled</c>, with <c>retrying</c> between attempts.
/// The numbers are stored; never change them.
/// </summary>
public enum JobStatus : byte
{
    /// <summary>Its time has not come.</summary>
    Scheduled = 1,

    /// <summary>Ready; waits for a worker.</summary>
    Queued = 2,

    /// <summary>A worker holds a lease on it.</summary>
    Running = 3,

    /// <summary>An attempt failed; it waits for its backoff.</summary>
    Retrying = 4,

    /// <summary>Exit code 0, or the handler returned. Final.</summary>
    Completed = 5,

    /// <summary>Its attempts are used up: the dead-letter set. Final until somebody retries it.</summary>
    Failed = 6,

    /// <summary>Canceled by a person or a program. Final.</summary>
    Canceled = 7,
}

/// <summary>Questions about a <see cref="JobStatus"/>.</summary>
public static class JobStatusExtensions
{
    /// <summary>Whether nothing more happens to a job in this status by itself.</summary>
    public static bool IsFinal(this JobStatus status) => status >= JobStatus.Completed;

    /// <summary>The status as the API writes it: <c>queued</c>.</summary>
    public static string Name(this JobStatus status) => status switch
    {
        JobStatus.Scheduled => "scheduled",
        JobStatus.Queued => "queued",
        JobStatus.Running => "running",
        JobStatus.Retrying => "retrying",
        JobStatus.Completed => "completed",
        JobStatus.Failed => "failed",
        JobStatus.Canceled => "canceled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };
}
