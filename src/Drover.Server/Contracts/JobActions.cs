using Drover.Jobs;

namespace Drover.Server.Contracts;

/// <summary>The same thing done to many jobs: those with <c>ids</c>, or all that match <c>filter</c>.</summary>
public sealed record JobActionRequest
{
    /// <summary>What to do.</summary>
    public required JobAction Action { get; init; }

    /// <summary>To these jobs, at most 10,000. Excludes <c>filter</c>.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }

    /// <summary>To all jobs that match; with no condition in it, to all. Excludes <c>ids</c>.</summary>
    public JobFilterBody? Filter { get; init; }

    /// <summary>Count only, change nothing.</summary>
    public bool? DryRun { get; init; }
}

/// <summary>Something that can be done to many jobs.</summary>
public enum JobAction : byte
{
    /// <summary>Cancel those that have not finished.</summary>
    Cancel,

    /// <summary>Put failed jobs back into their queues with fresh attempts.</summary>
    Retry,

    /// <summary>Run finished jobs again, as new jobs.</summary>
    Rerun,

    /// <summary>Delete finished jobs.</summary>
    Delete,
}

/// <summary>Which jobs; every condition that is given must hold.</summary>
public sealed record JobFilterBody
{
    /// <summary>In one of these statuses.</summary>
    public IReadOnlyList<JobStatus>? Status { get; init; }

    /// <summary>On this server, by id or name.</summary>
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

    /// <summary>Whose command, script, name or error contains this text, or whose id begins with it.</summary>
    public string? Q { get; init; }

    /// <summary>Reruns and duplicates of this job.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>Of this batch. Excludes <c>origin_id</c>.</summary>
    public Guid? BatchId { get; init; }
}

/// <summary>What an action came to.</summary>
public sealed record JobActionResponse
{
    /// <summary>What was done.</summary>
    public required JobAction Action { get; init; }

    /// <summary>Whether nothing was changed.</summary>
    public required bool DryRun { get; init; }

    /// <summary>How many jobs were named or matched.</summary>
    public required long Matched { get; init; }

    /// <summary>How many were changed, or would be.</summary>
    public required long Changed { get; init; }

    /// <summary>Of those changed, how many running jobs were asked to end: their outcome follows.</summary>
    public required long Accepted { get; init; }

    /// <summary>How many were left alone because their status does not allow it.</summary>
    public required long NotEligible { get; init; }

    /// <summary>How many of the ids name no job.</summary>
    public required long NotFound { get; init; }

    /// <summary>For <c>rerun</c> by ids, the new jobs' ids, in the order of the eligible ones.</summary>
    public IReadOnlyList<Guid>? NewIds { get; init; }
}
