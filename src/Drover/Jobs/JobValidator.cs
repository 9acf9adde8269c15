using System.Buffers;
using Drover.Brokers;
using Drover.Storage;

namespace Drover.Jobs;

/// <summary>Holds what producers send to the limits that every job must keep. Errors are named after the fields of the API.</summary>
public static class JobValidator
{
    /// <summary>The longest a job may be put off: ten years.</summary>
    public static TimeSpan MaxDelay { get; } = TimeSpan.FromDays(3653);

    /// <summary>The longest timeout and the longest backoff: 30 days.</summary>
    public static TimeSpan MaxDuration { get; } = TimeSpan.FromDays(30);

    private static readonly SearchValues<char> QueueCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether a text can name a queue: 1 to 100 of <c>A-Z a-z 0-9 . _ -</c>.</summary>
    public static bool IsQueueName(string name) => name.Length is >= 1 and <= 100 && !name.AsSpan().ContainsAnyExcept(QueueCharacters);

    /// <summary>Checks a request. Of one job the fields are named as they are, of several <c>jobs[3].priority</c>.</summary>
    /// <exception cref="JobValidationException">Something breaks a rule.</exception>
    public static void Validate(EnqueueRequest request, TimeProvider time)
    {
        var errors = new FieldErrors(request.Jobs.Count > 1);
        if (request.Jobs.Count is 0 or > JobRules.MaxBatch)
            errors.Add("jobs", $"Must hold 1 to {JobRules.MaxBatch} jobs.");
        else
            CheckJobs(request.Jobs, errors, time);
        if (request.IdempotencyKey is { } key)
            errors.Line("idempotency_key", key, 255);
        errors.ThrowIfAny();
    }

    /// <summary>Checks a change of a job that waits.</summary>
    /// <exception cref="JobValidationException">Something breaks a rule.</exception>
    public static void Validate(JobUpdate update, TimeProvider time)
    {
        var errors = new FieldErrors(batch: false);
        if (update.Priority is { } priority)
            errors.Range("priority", priority, 1, 10);
        if (update.RunAt is { } runAt)
            CheckRunAt(runAt, errors, time);
        errors.ThrowIfAny();
    }

    private static void CheckJobs(IReadOnlyList<JobSpec> jobs, FieldErrors errors, TimeProvider time)
    {
        for (int i = 0; i < jobs.Count && !errors.IsFull; i++)
        {
            errors.Index = i;
            CheckCommon(jobs[i], errors, time);
            CheckLists(jobs[i], errors);
            LinkValidator.Check(jobs[i], errors, jobs.Count == 1);
            WorkValidator.Check(jobs[i], errors);
        }
    }

    private static void CheckCommon(JobSpec spec, FieldErrors errors, TimeProvider time)
    {
        if (!IsQueueName(spec.Queue))
            errors.Add("queue", "Must be 1 to 100 letters, digits, '.', '_' or '-'.");
        errors.Range("priority", spec.Priority, 1, 10);
        errors.Range("max_attempts", spec.MaxAttempts, 1, 1000);
        if (spec.Timeout != TimeSpan.Zero)
            errors.Range("timeout", spec.Timeout, TimeSpan.FromMilliseconds(1), MaxDuration, " (0 for none)");
        if (!Enum.IsDefined(spec.OnWorkerLost))
            errors.Add("on_worker_lost", "Must be 'fail' or 'retry'.");
        if (spec.Name is not null)
            errors.Line("name", spec.Name, 200);
        if (spec.UniqueKey is not null)
            errors.Line("unique_key", spec.UniqueKey, 200);
        if (spec.CreatedBy is not null)
            errors.Line("created_by", spec.CreatedBy, 200);
        CheckBackoff(spec.Backoff, errors);

        if (spec.RunAt is not null && spec.Delay is not null)
            errors.Add("delay", "Cannot be given together with run_at.");
        if (spec.Delay is { } delay)
            errors.Range("delay", delay, TimeSpan.Zero, MaxDelay);
        if (spec.RunAt is { } runAt)
            CheckRunAt(runAt, errors, time);
    }

    private static void CheckRunAt(DateTimeOffset runAt, FieldErrors errors, TimeProvider time)
    {
        if (runAt < DateTimeOffset.UnixEpoch)
            errors.Add("run_at", "Must not be before 1970.");
        else if (runAt - time.GetUtcNow() > MaxDelay)
            errors.Add("run_at", "Must not be more than ten years ahead.");
    }

    private static void CheckBackoff(Backoff backoff, FieldErrors errors)
    {
        if (!Enum.IsDefined(backoff.Kind))
            errors.Add("backoff.kind", "Must be 'fixed', 'linear' or 'exponential'.");
        errors.Range("backoff.delay", backoff.Delay, TimeSpan.Zero, MaxDuration);
        errors.Range("backoff.max", backoff.Max, TimeSpan.Zero, MaxDuration);
        if (backoff.Max < backoff.Delay && backoff.Max >= TimeSpan.Zero)
            errors.Add("backoff.max", "Must not be less than backoff.delay.");
        if (!(backoff.Jitter is >= 0 and <= 1))
            errors.Add("backoff.jitter", "Must be 0 to 1.");
    }

    private static void CheckLists(JobSpec spec, FieldErrors errors)
    {
        if (spec.Tags.Count > 0)
            CheckWords("tags", spec.Tags, errors);
        if (spec.WorkerLabels.Count == 0)
            return;
        CheckWords("worker_labels", spec.WorkerLabels, errors);
        // A job's needs are one string in which labels stand apart by semicolons.
        if (spec.WorkerLabels.Any(label => label is not null && label.Contains(';')))
            errors.Add("worker_labels", "Must not contain ';'.");
    }

    private static void CheckWords(string field, IReadOnlyList<string> words, FieldErrors errors)
    {
        if (words.Count > 32)
            errors.Add(field, "Must be at most 32.");
        else if (words.Distinct(StringComparer.Ordinal).Count() < words.Count)
            errors.Add(field, "Must not repeat.");
        foreach (string word in words.Take(32))
            errors.Line(field, word, 100);
    }
}
