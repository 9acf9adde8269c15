using Drover.Jobs;
using Drover.Output;

namespace Drover.Storage;

/// <summary>A job store that can take over jobs of another one as they are there, for <c>drover migrate</c>. No node runs on it meanwhile.</summary>
public interface IJobArchive
{
    /// <summary>
    /// Stores whole jobs (attempts included) behind those that are there, in order; one whose id is there already is left as it is, so that
    /// asking again does no harm.
    /// </summary>
    /// <exception cref="ArgumentException">A job runs: a lease cannot move.</exception>
    ValueTask ImportAsync(IReadOnlyList<Job> jobs, CancellationToken cancel = default);

    /// <summary>Stores output of a job that is there; entries whose seq is there already are left as they are.</summary>
    ValueTask ImportOutputAsync(Guid id, IReadOnlyList<OutputEntry> entries, CancellationToken cancel = default);
}

/// <summary>What the stores have in common when they take over a job.</summary>
public static class JobImport
{
    /// <summary>When a job became ready the last time, as far as a job tells.</summary>
    public static DateTimeOffset ReadyAt(Job job)
    {
        var ready = job.CreatedAt;
        if (job.RunAt > ready)
            ready = job.RunAt.Value;
        if (job.Attempts.Count > 0 && job.Attempts[^1].FinishedAt > ready)
            ready = job.Attempts[^1].FinishedAt!.Value;
        return ready;
    }

    /// <summary>Whether a job waits for a time of the wall clock, not for the end of a delay or backoff.</summary>
    public static bool IsDueByClock(Job job) => job.Status == JobStatus.Scheduled && job.Attempt == 0 && job.RunAt != job.CreatedAt + job.Spec.Delay;

    /// <summary>Whether its last attempt ended the job, and not, say, a cancel while it waited for the next.</summary>
    public static bool EndedByAttempt(Job job) => job.Status.IsFinal() && job.Attempts.Count > 0 && job.Attempts[^1].FinishedAt == job.FinishedAt;

    /// <summary>The unique key that it holds, as it is stored; null for none.</summary>
    public static string? HeldKey(Job job) =>
        !job.Status.IsFinal() && JobRules.StoredKeyOf(job.Spec) is { } key && (job.Attempt == 0 || !JobRules.IsFreedAtStart(key)) ? key : null;

    /// <summary>A running job as it is once its worker is known to be lost; others as they are.</summary>
    public static Job WithoutLease(Job job, DateTimeOffset now, double random)
    {
        if (job.Status != JobStatus.Running)
            return job;
        var outcome = new AttemptOutcome { Kind = OutcomeKind.WorkerLost, Reason = "migrated", Error = "The job ran when its store was moved to another one." };
        var next = JobRules.After(job.Spec, job.AttemptsUsed, outcome, job.CancelRequestedAt is not null, random);
        return job with
        {
            Status = next.Status,
            AttemptsUsed = next.AttemptsUsed,
            RunAt = next.Status.IsFinal() ? job.RunAt : next.Delay is { } delay ? now + delay : null,
            FinishedAt = next.Status.IsFinal() ? now : null,
            Outcome = outcome,
            Attempts = [.. job.Attempts.Take(job.Attempts.Count - 1), job.Attempts[^1] with { FinishedAt = now, Outcome = outcome }],
        };
    }

    /// <exception cref="ArgumentException">A job runs.</exception>
    public static void RefuseRunning(IReadOnlyList<Job> jobs)
    {
        foreach (var job in jobs)
        {
            if (job.Status == JobStatus.Running)
                throw new ArgumentException($"The job {job.Id} runs; a lease cannot be moved.", nameof(jobs));
        }
    }
}
