namespace Drover.Jobs;

/// <summary>How an attempt ended. The numbers are stored; never change them.</summary>
public enum OutcomeKind : byte
{
    /// <summary>It did what it should: exit code 0, or the handler returned.</summary>
    Completed = 1,

    /// <summary>It failed; another attempt follows while some remain.</summary>
    Failed = 2,

    /// <summary>It ran longer than its timeout; counts as failed, with the reason <c>timeout</c>.</summary>
    TimedOut = 3,

    /// <summary>It was canceled.</summary>
    Canceled = 4,

    /// <summary>The worker gave it back unfinished (drain, snooze): it is queued again and the attempt does not count.</summary>
    HandedBack = 5,

    /// <summary>Its worker disappeared; <see cref="JobSpec.OnWorkerLost"/> decides. Written by the store, never by a worker.</summary>
    WorkerLost = 6,
}

/// <summary>How an attempt ended, in full.</summary>
public sealed record AttemptOutcome
{
    /// <summary>The kind of ending.</summary>
    public required OutcomeKind Kind { get; init; }

    /// <summary>The process's exit code; null when there was none (a task, a signal, a connection that failed).</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, without <c>SIG</c> (<c>KILL</c>); null for none.</summary>
    public string? Signal { get; init; }

    /// <summary>A stable word for programs, one of <see cref="FailureReasons"/>; null when it completed.</summary>
    public string? Reason { get; init; }

    /// <summary>One or a few sentences for people, saying what happened and, where it helps, what to do; null when it completed.</summary>
    public string? Error { get; init; }

    /// <summary>What a handler returned, as JSON text in UTF-8; null for none.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>No further attempt, whatever remains.</summary>
    public bool NeverRetry { get; init; }

    /// <summary>For <see cref="OutcomeKind.HandedBack"/> and <see cref="OutcomeKind.Failed"/>: the wait before the next attempt in place of the backoff; null for the usual.</summary>
    public TimeSpan? RetryIn { get; init; }

    /// <summary>
    /// For <see cref="OutcomeKind.Canceled"/> and <see cref="OutcomeKind.TimedOut"/>: the process was not seen to be gone.
    /// The job is then <see cref="JobStatus.Failed"/> with the reason <see cref="FailureReasons.CancelUnconfirmed"/>, never
    /// canceled, and what is known stands in <see cref="Error"/>.
    /// </summary>
    public bool Unconfirmed { get; init; }

    /// <summary>How long it took from the lease until the work itself began (connecting, signing in); null when it never began or no connection was needed.</summary>
    public TimeSpan? ConnectTime { get; init; }

    /// <summary>The exit of a process: completed for 0, else failed.</summary>
    public static AttemptOutcome Exited(int exitCode) => exitCode == 0
        ? new() { Kind = OutcomeKind.Completed, ExitCode = 0 }
        : new() { Kind = OutcomeKind.Failed, ExitCode = exitCode, Reason = FailureReasons.ExitCode, Error = $"The process exited with code {exitCode}." };

    /// <summary>A failure for one of the <see cref="FailureReasons"/>.</summary>
    public static AttemptOutcome Failure(string reason, string error, bool neverRetry = false) =>
        new() { Kind = OutcomeKind.Failed, Reason = reason, Error = error, NeverRetry = neverRetry };
}

/// <summary>The stable words in <see cref="AttemptOutcome.Reason"/>. Add freely, rename none.</summary>
public static class FailureReasons
{
    /// <summary>The process exited with another code than 0.</summary>
    public const string ExitCode = "exit_code";

    /// <summary>A signal ended the process.</summary>
    public const string Signal = "signal";

    /// <summary>It ran longer than its timeout.</summary>
    public const string Timeout = "timeout";

    /// <summary>Somebody canceled it.</summary>
    public const string Canceled = "canceled";

    /// <summary>It was canceled or timed out, and the process could not be seen to be gone.</summary>
    public const string CancelUnconfirmed = "cancel_unconfirmed";

    /// <summary>The worker that ran it disappeared.</summary>
    public const string WorkerLost = "worker_lost";

    /// <summary>The worker was shut down while it ran.</summary>
    public const string Shutdown = "shutdown";

    /// <summary>The server could not be reached.</summary>
    public const string ConnectFailed = "connect_failed";

    /// <summary>The server refused the credentials.</summary>
    public const string AuthFailed = "auth_failed";

    /// <summary>The server shows another host key than the trusted one.</summary>
    public const string HostKeyChanged = "host_key_changed";

    /// <summary>The server's host key is not known and the policy is <c>strict</c>.</summary>
    public const string HostKeyUnknown = "host_key_unknown";

    /// <summary>The connection broke while it ran.</summary>
    public const string ConnectionLost = "connection_lost";

    /// <summary>The server could not prepare the run (no temp space, no shell).</summary>
    public const string PrepareFailed = "prepare_failed";

    /// <summary>The server it should run on no longer exists or its credentials cannot be read.</summary>
    public const string ServerUnavailable = "server_unavailable";

    /// <summary>The worker has nothing that can run it.</summary>
    public const string NoHandler = "no_handler";

    /// <summary>A handler threw.</summary>
    public const string Exception = "exception";

    /// <summary>The executor itself failed: a fault in Drover.</summary>
    public const string Internal = "internal";
}
