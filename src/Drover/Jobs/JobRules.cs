using System.Text;

namespace Drover.Jobs;

/// <summary>The rules that hold for every job in every store.</summary>
public static class JobRules
{
    /// <summary>The queue of a job that names none.</summary>
    public const string DefaultQueue = "default";

    /// <summary>The priority of a job that names none.</summary>
    public const int DefaultPriority = 5;

    /// <summary>The most jobs in one batch.</summary>
    public const int MaxBatch = 10_000;

    /// <summary>The longest command, script or payload, in bytes.</summary>
    public const int MaxPayloadBytes = 8 * 1024 * 1024;

    /// <summary>The timeout of a job that names none: 300 s.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(300);

    /// <summary>
    /// What a worker must offer to run the job, as one string: <c>shell</c> or <c>task:TYPE</c>, then each wanted label
    /// after a <c>;</c>, sorted. Jobs of one queue with equal needs wait in one lane.
    /// </summary>
    public static string NeedsOf(JobSpec spec)
    {
        string kind = spec.Kind == JobKind.Task ? "task:" + spec.Task!.JobType : "shell";
        return spec.WorkerLabels.Count == 0 ? kind : kind + ";" + string.Join(';', spec.WorkerLabels.Order(StringComparer.Ordinal));
    }

    /// <summary>The key under which running jobs are counted against a limit: <c>server:ID</c> for commands and scripts, <c>key:KEY</c> for tasks that have a <see cref="JobSpec.LimitKey"/>; null for none.</summary>
    public static string? LimitKeyOf(JobSpec spec) =>
        spec.Shell is { } shell ? "server:" + shell.ServerId : spec.LimitKey is { } key ? "key:" + key : null;

    /// <summary>The key under which all running jobs of a queue are counted against a limit: <c>queue:NAME</c>.</summary>
    public static string QueueLimitKey(string queue) => "queue:" + queue;

    /// <summary>By which id a job is found beside its own (<see cref="JobFilter.OriginId"/>): that of its origin or of its batch; null for none.</summary>
    public static Guid? LinkOf(JobSpec spec) => spec.OriginId ?? spec.BatchId;

    /// <summary>
    /// The text under which a store keeps a job's unique key; null for none. A job holds it while it is not finished; one that ends
    /// in a line break (<see cref="IsFreedAtStart"/>) only until the job's first attempt starts, and never again.
    /// </summary>
    public static string? StoredKeyOf(JobSpec spec) => spec is { UniqueKey: { } key, Unique.Until: UniqueUntil.Started } ? key + '\n' : spec.UniqueKey;

    /// <summary>Whether a key, as <see cref="StoredKeyOf"/> made it, is free once its job has started. No unique key has a line break of its own.</summary>
    public static bool IsFreedAtStart(string storedKey) => storedKey.EndsWith('\n');

    /// <summary>The text in which a search looks: the command with its arguments, or the script; null for a task.</summary>
    public static string? SearchTextOf(JobSpec spec)
    {
        if (spec.Shell is not { } shell)
            return spec.Name;
        var text = new StringBuilder(spec.Name).Append(spec.Name is null ? "" : "\n").Append(shell.Command ?? shell.Script);
        if (shell.ArgsText is { } args)
            text.Append(' ').Append(args);
        foreach (string arg in shell.Args ?? [])
            text.Append(' ').Append(arg);
        return text.ToString();
    }

    /// <summary>What follows an attempt that ended: the one place where retry or give up is decided.</summary>
    /// <param name="spec">The job's spec.</param>
    /// <param name="attemptsUsed">How many attempts have counted so far, this one not included.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="cancelRequested">Whether somebody asked to cancel the job meanwhile.</param>
    /// <param name="random">0 (inclusive) to 1 (exclusive), for the jitter.</param>
    public static NextStep After(JobSpec spec, int attemptsUsed, AttemptOutcome outcome, bool cancelRequested, double random)
    {
        int used = outcome.Kind == OutcomeKind.HandedBack ? attemptsUsed : attemptsUsed + 1;
        if (outcome.Kind == OutcomeKind.Completed)
            return new(JobStatus.Completed, null, used);
        // "Canceled" is said only of work that was seen to be gone.
        if (outcome.Kind == OutcomeKind.Canceled)
            return new(outcome.Unconfirmed ? JobStatus.Failed : JobStatus.Canceled, null, used);
        if (cancelRequested && outcome.Kind != OutcomeKind.WorkerLost)
            return new(outcome.Kind == OutcomeKind.HandedBack ? JobStatus.Canceled : JobStatus.Failed, null, used);
        if (outcome.Kind == OutcomeKind.HandedBack)
            return Wait(outcome.RetryIn ?? TimeSpan.Zero, used, JobStatus.Scheduled);
        if (outcome.NeverRetry || used >= spec.MaxAttempts || cancelRequested)
            return new(JobStatus.Failed, null, used);
        if (outcome.Kind == OutcomeKind.WorkerLost && spec.OnWorkerLost == WorkerLostPolicy.Fail)
            return new(JobStatus.Failed, null, used);
        return Wait(outcome.RetryIn ?? spec.Backoff.After(used, random), used, JobStatus.Retrying);
    }

    private static NextStep Wait(TimeSpan delay, int used, JobStatus whileWaiting) =>
        delay > TimeSpan.Zero ? new(whileWaiting, delay, used) : new(JobStatus.Queued, null, used);
}

/// <summary>What follows an attempt.</summary>
/// <param name="Status">The job's status from now on.</param>
/// <param name="Delay">The wait before it is ready again; null when it is ready or finished.</param>
/// <param name="AttemptsUsed">How many attempts count now.</param>
public readonly record struct NextStep(JobStatus Status, TimeSpan? Delay, int AttemptsUsed);
