using Drover.Jobs;

namespace Drover.Schedules;

/// <summary>What becomes of firings whose time passed while nobody could fire them (Drover was down, the clock was set forward). A firing that is late by up to a minute is not missed.</summary>
public enum CatchUpPolicy : byte
{
    /// <summary>They are left out.</summary>
    Skip,

    /// <summary>The last of them takes place.</summary>
    One,

    /// <summary>Each of them takes place, in order.</summary>
    All,
}

/// <summary>What becomes of a firing while the schedule's last job has not finished.</summary>
public enum OverlapPolicy : byte
{
    /// <summary>It is left out.</summary>
    Skip,

    /// <summary>It waits until that job has finished; further ones are left out meanwhile (with <see cref="CatchUpPolicy.All"/> they wait as well).</summary>
    Queue,

    /// <summary>It takes place beside that job.</summary>
    Allow,

    /// <summary>That job is canceled; the firing takes place when it has finished.</summary>
    Cancel,
}

/// <summary>A job that is enqueued again and again, at the times that a cron expression tells.</summary>
public sealed record Schedule
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name, unique without regard to case: 1 to 80 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Rises with every change, also with each firing; 0 before it is stored.</summary>
    public long Version { get; init; }

    /// <summary>When: five fields, or six with seconds first (<see cref="CronTimes"/>).</summary>
    public required string Cron { get; init; }

    /// <summary>The time zone that the expression is in, by its IANA name.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>The job to enqueue. It has neither <see cref="JobSpec.RunAt"/> nor <see cref="JobSpec.Delay"/>.</summary>
    public required JobSpec Job { get; init; }

    /// <summary>What becomes of missed firings.</summary>
    public CatchUpPolicy CatchUp { get; init; }

    /// <summary>What becomes of a firing while the last job runs.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>The most by which a firing is put off, by a share that differs from firing to firing, so that many schedules do not start at once. Zero to a day.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Whether it fires no more until it is resumed.</summary>
    public bool Paused { get; init; }

    /// <summary>The next time to fire; null when it is paused or will never fire again.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The firing that is under way: its job is not enqueued yet, for instance because the last one runs. Null for none.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>The time of the last firing that enqueued a job; null before the first.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>The job it enqueued last, by firing or by hand; null before the first.</summary>
    public Guid? LastJobId { get; init; }

    /// <summary>How often firings were left out, because they were missed or the last job had not finished; those missed in one go count once.</summary>
    public long Skipped { get; init; }

    /// <summary>Why the last firing enqueued nothing; null when it did.</summary>
    public string? LastError { get; init; }

    /// <summary>Who made it; null when unknown.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was changed by somebody last.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>The tag that its jobs carry, by which they are found.</summary>
    public string Tag => "schedule:" + Name;
}
