namespace Drover.Jobs;

/// <summary>Which jobs; every condition that is set must hold.</summary>
public sealed record JobFilter
{
    /// <summary>Every job.</summary>
    public static JobFilter All { get; } = new();

    /// <summary>In one of these statuses; empty for any.</summary>
    public IReadOnlyList<JobStatus> Statuses { get; init; } = [];

    /// <summary>On this server.</summary>
    public string? ServerId { get; init; }

    /// <summary>In this queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Of this kind.</summary>
    public JobKind? Kind { get; init; }

    /// <summary>Tasks of this type.</summary>
    public string? JobType { get; init; }

    /// <summary>With this tag.</summary>
    public string? Tag { get; init; }

    /// <summary>With this priority.</summary>
    public int? Priority { get; init; }

    /// <summary>Accepted at or after.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    /// <summary>Accepted before.</summary>
    public DateTimeOffset? CreatedBefore { get; init; }

    /// <summary>Whose command, script, name or error contains this text (the case of ASCII letters at least does not matter), or whose id begins with it.</summary>
    public string? Text { get; init; }

    /// <summary>Reruns and duplicates of this job, or the jobs of this batch (<see cref="JobRules.LinkOf"/>).</summary>
    public Guid? OriginId { get; init; }
}

/// <summary>The order of a list of jobs.</summary>
public enum JobSort : byte
{
    /// <summary>Latest accepted first.</summary>
    CreatedDescending,

    /// <summary>Earliest accepted first.</summary>
    CreatedAscending,

    /// <summary>Latest finished first; jobs that have not finished come last, latest accepted first.</summary>
    FinishedDescending,

    /// <summary>Priority 1 first, then earliest accepted first.</summary>
    Priority,
}

/// <summary>A page of a list of jobs.</summary>
/// <param name="Filter">Which jobs.</param>
/// <param name="Sort">In which order.</param>
/// <param name="Limit">At most how many; 1 to 500.</param>
/// <param name="Cursor">Where the page before ended (<see cref="JobPage.Next"/>); null for the first page. A cursor of another sort is an <see cref="ArgumentException"/>.</param>
public sealed record JobQuery(JobFilter Filter, JobSort Sort = JobSort.CreatedDescending, int Limit = 50, string? Cursor = null);

/// <summary>A page of jobs; their <see cref="Job.Attempts"/> are empty.</summary>
/// <param name="Items">The jobs.</param>
/// <param name="Next">The cursor of the next page; null when this is the last.</param>
public sealed record JobPage(IReadOnlyList<Job> Items, string? Next);

/// <summary>How many jobs there are in each status.</summary>
public sealed record JobCounts(long Scheduled, long Queued, long Running, long Retrying, long Completed, long Failed, long Canceled)
{
    /// <summary>All of them.</summary>
    public long Total => Scheduled + Queued + Running + Retrying + Completed + Failed + Canceled;
}
