namespace Drover.Workers;

/// <summary>How a handler ended.</summary>
public sealed class TaskResult
{
    private TaskResult()
    {
    }

    /// <summary>It completed, with nothing to say.</summary>
    public static TaskResult Done { get; } = new();

    internal ReadOnlyMemory<byte>? Result { get; private init; }

    internal TimeSpan? SnoozeFor { get; private init; }

    internal string? Error { get; private init; }

    internal bool Never { get; private init; }

    internal TimeSpan? RetryIn { get; private init; }

    /// <summary>It completed with a result, JSON text in UTF-8.</summary>
    public static TaskResult Json(ReadOnlyMemory<byte> json) => new() { Result = json };

    /// <summary>Not now: the task is tried again after this time, and the attempt does not count.</summary>
    public static TaskResult Snooze(TimeSpan time) => new() { SnoozeFor = time > TimeSpan.Zero ? time : TimeSpan.Zero };

    /// <summary>It failed.</summary>
    /// <param name="error">Why, for people.</param>
    /// <param name="neverRetry">No further attempt, whatever remains.</param>
    /// <param name="retryIn">The wait before the next attempt in place of the backoff; null for the usual.</param>
    public static TaskResult Failed(string error, bool neverRetry = false, TimeSpan? retryIn = null) =>
        new() { Error = error, Never = neverRetry, RetryIn = retryIn };

    /// <summary>It failed by an exception, which is kept in the attempt's history.</summary>
    /// <inheritdoc cref="Failed(string, bool, TimeSpan?)"/>
    public static TaskResult Failed(Exception error, bool neverRetry = false, TimeSpan? retryIn = null) =>
        Failed(TaskOutcomes.Text(error), neverRetry, retryIn);
}

/// <summary>Thrown by a handler: not now; the task is tried again after this time, and the attempt does not count.</summary>
/// <param name="time">How long to wait.</param>
public sealed class SnoozeException(TimeSpan time) : Exception($"Snoozed for {time}.")
{
    /// <summary>How long to wait.</summary>
    public TimeSpan Time { get; } = time;
}

/// <summary>Thrown by a handler: it failed, and trying again would not help.</summary>
/// <param name="message">Why, for people.</param>
/// <param name="inner">The cause.</param>
public sealed class NeverRetryException(string message, Exception? inner = null) : Exception(message, inner);
