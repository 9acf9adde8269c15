using Drover.Schedules;

namespace Drover.Server.Contracts;

/// <summary>A schedule: when to enqueue which job.</summary>
public sealed record ScheduleRequest
{
    /// <summary>Its name, unique, at most 80 characters.</summary>
    public string? Name { get; init; }

    /// <summary>When: <c>minute hour day month weekday</c>, or six fields with the second first, or <c>@daily</c> and the like.</summary>
    public string? Cron { get; init; }

    /// <summary>The time zone of the expression, an IANA name; <c>UTC</c> when none is given.</summary>
    public string? Timezone { get; init; }

    /// <summary>The job, as it would be submitted; without <c>run_at</c> and <c>delay</c>.</summary>
    public JobRequest? Job { get; init; }

    /// <summary>What becomes of firings whose time passed while Drover was down; <c>skip</c> when none is given.</summary>
    public CatchUpPolicy? CatchUp { get; init; }

    /// <summary>What becomes of a firing while the last job has not finished; <c>skip</c> when none is given.</summary>
    public OverlapPolicy? Overlap { get; init; }

    /// <summary>The most seconds by which a firing is put off, so that many do not start at once; 0 when none is given, at most 86400.</summary>
    public double? Jitter { get; init; }

    /// <summary>Whether it fires no more until it is resumed.</summary>
    public bool? Paused { get; init; }
}

/// <summary>A schedule with what has become of it.</summary>
public sealed record ScheduleResponse
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>When.</summary>
    public required string Cron { get; init; }

    /// <summary>The time zone of the expression.</summary>
    public required string Timezone { get; init; }

    /// <summary>The job it enqueues.</summary>
    public required JobRequest Job { get; init; }

    /// <summary>What the job does, in one line.</summary>
    public required string Preview { get; init; }

    /// <summary>What becomes of missed firings.</summary>
    public required CatchUpPolicy CatchUp { get; init; }

    /// <summary>What becomes of a firing while the last job has not finished.</summary>
    public required OverlapPolicy Overlap { get; init; }

    /// <summary>The most seconds by which a firing is put off.</summary>
    public required double Jitter { get; init; }

    /// <summary>Whether it is paused.</summary>
    public required bool Paused { get; init; }

    /// <summary>When it fires next; none when it is paused or will never fire again.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The firing that waits for the last job to finish.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>The last firing that enqueued a job.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>The job that was enqueued last. All of them carry the tag <c>schedule:NAME</c>.</summary>
    public Guid? LastJobId { get; init; }

    /// <summary>How often firings were left out.</summary>
    public required long Skipped { get; init; }

    /// <summary>Why the last firing enqueued nothing.</summary>
    public string? LastError { get; init; }

    /// <summary>Who made it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When somebody changed it last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Schedules by name.</summary>
public sealed record ScheduleListResponse
{
    /// <summary>The schedules.</summary>
    public required IReadOnlyList<ScheduleResponse> Items { get; init; }

    /// <summary>The cursor of the next page; none when this is the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>An expression to be tried.</summary>
public sealed record SchedulePreviewRequest
{
    /// <summary>When.</summary>
    public string? Cron { get; init; }

    /// <summary>The time zone; <c>UTC</c> when none is given.</summary>
    public string? Timezone { get; init; }
}

/// <summary>Times to come.</summary>
public sealed record ScheduleTimesResponse
{
    /// <summary>The next times, at most ten, in UTC.</summary>
    public required IReadOnlyList<DateTimeOffset> Times { get; init; }

    /// <summary>The same in the schedule's time zone, for people.</summary>
    public required IReadOnlyList<string> Local { get; init; }
}
