namespace Drover.Jobs;

/// <summary>How what a job waits for must have ended. The numbers are stored; never change them.</summary>
public enum AfterOutcome : byte
{
    /// <summary>It completed; of a batch, all jobs did. When it is canceled or deleted the job that waits is canceled; when it failed, the job goes on waiting for its retry.</summary>
    Success = 1,

    /// <summary>It ended, however it ended.</summary>
    Always = 2,
}

/// <summary>What a job waits for: it starts only after another job, or all jobs of a batch, have ended.</summary>
/// <param name="Id">The job, or the batch. It may stand earlier in the same request, by an id that its producer chose (<see cref="Storage.EnqueueRequest.FirstId"/>).</param>
/// <param name="On">How it must have ended.</param>
public sealed record JobAfter(Guid Id, AfterOutcome On = AfterOutcome.Success)
{
    /// <summary>Whether <see cref="Id"/> is a batch's (<see cref="JobSpec.BatchId"/>).</summary>
    public bool IsBatch { get; init; }

    /// <summary>How long it waits then; zero for not at all. Filled by the broker from <see cref="JobSpec.Delay"/>.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>
/// How jobs that wait for others are kept: as scheduled jobs whose time never comes, which the broker makes ready
/// when the other has ended. So every store has them from the first moment, and they can be canceled or freed by hand.
/// </summary>
public static class HeldJobs
{
    /// <summary>The tag by which they are found again after a restart.</summary>
    public const string Tag = "follow-up";

    /// <summary>The time that never comes.</summary>
    public static DateTimeOffset Never { get; } = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A store may keep less of so distant a time than of others.
    private static readonly DateTimeOffset Beyond = Never.AddYears(-1);

    /// <summary>Whether a job still waits for what its <see cref="JobSpec.After"/> names; false once it was freed.</summary>
    public static bool IsHeld(Job job) => job is { Status: JobStatus.Scheduled, Spec.After: not null } && job.RunAt >= Beyond;

    /// <summary>The spec as it is stored while it waits.</summary>
    internal static JobSpec Hold(JobSpec spec) => spec with
    {
        After = spec.After! with { Delay = spec.Delay ?? TimeSpan.Zero },
        Delay = null,
        RunAt = Never,
        Tags = spec.Tags.Contains(Tag) ? spec.Tags : [.. spec.Tags, Tag],
    };

    /// <summary>The spec for a job of its own, such as a rerun: it waits for nobody, belongs to no batch and replaces none.</summary>
    public static JobSpec Alone(JobSpec spec) => spec.After is null && spec.BatchId is null && spec.Unique is null ? spec : spec with
    {
        After = null,
        BatchId = null,
        RunAt = null,
        // A rerun neither replaces nor puts off, and has no window.
        UniqueKey = spec.Unique?.Window is null ? spec.UniqueKey : null,
        Unique = spec.Unique?.Until == UniqueUntil.Started ? new(UniqueUntil.Started) : null,
        Tags = spec.After is null ? spec.Tags : [.. spec.Tags.Where(t => t != Tag)],
    };
}
