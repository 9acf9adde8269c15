using Drover.Storage;

namespace Drover.Jobs;

/// <summary>Requests for jobs that belong together.</summary>
public static class JobGroups
{
    /// <summary>Jobs that run one after another.</summary>
    /// <param name="jobs">The jobs in order; the second and on start only after the one before has ended.</param>
    /// <param name="on">How it must have ended.</param>
    /// <param name="time">The clock, for the ids.</param>
    public static EnqueueRequest Chain(IReadOnlyList<JobSpec> jobs, AfterOutcome on, TimeProvider time)
    {
        var first = JobId.New(time);
        return new([.. jobs.Select((spec, n) => n == 0 ? spec : spec with { After = new(JobId.Following(first, n - 1), on) })]) { FirstId = first };
    }

    /// <summary>Jobs that are accepted, counted and canceled together.</summary>
    /// <param name="id">The batch's id (<see cref="JobId.New"/>).</param>
    /// <param name="jobs">The jobs.</param>
    /// <param name="completion">The job that starts when all of them have ended; null for none. It stands first in the request.</param>
    /// <param name="on">How they must have ended.</param>
    public static EnqueueRequest Batch(Guid id, IReadOnlyList<JobSpec> jobs, JobSpec? completion, AfterOutcome on)
    {
        var specs = jobs.Select(spec => spec with { BatchId = id });
        // The number after the batch's own is kept for its completion, so that the one is found by the other.
        return completion is null
            ? new([.. specs]) { FirstId = JobId.Following(id, 2) }
            : new([completion with { After = new(id, on) { IsBatch = true } }, .. specs]) { FirstId = CompletionOf(id) };
    }

    /// <summary>The id of the job that starts when a batch has ended, should it have one.</summary>
    public static Guid CompletionOf(Guid batch) => JobId.Following(batch, 1);
}
