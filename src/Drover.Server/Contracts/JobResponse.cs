using System.Text.Json;
using Drover.Jobs;

namespace Drover.Server.Contracts;

/// <summary>A job as lists and events show it.</summary>
public record JobSummary
{
    /// <summary>Its id, a UUID version 7.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it is made of.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>Its name for people.</summary>
    public string? Name { get; init; }

    /// <summary>One line that says what it does: the command line, the script's first line or the task's type; at most 200 characters.</summary>
    public required string Preview { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>The priority in force: 1 (first) to 10 (last).</summary>
    public required int Priority { get; init; }

    /// <summary>The server it runs on.</summary>
    public string? ServerId { get; init; }

    /// <summary>That server's name when the job was submitted.</summary>
    public string? ServerName { get; init; }

    /// <summary>A task's type.</summary>
    public string? JobType { get; init; }

    /// <summary>Words to find it by.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The number of the latest attempt; 0 before the first.</summary>
    public required int Attempt { get; init; }

    /// <summary>How often it may be tried in all.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who submitted it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it is due, or was due the last time it waited.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>When the latest attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reached a final status.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Seconds that the latest attempt took.</summary>
    public double? Duration { get; init; }

    /// <summary>The process's exit code.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, without SIG.</summary>
    public string? Signal { get; init; }

    /// <summary>Why it did not complete, a stable word: <c>exit_code</c>, <c>timeout</c>, <c>worker_lost</c>, <c>connect_failed</c> and so on.</summary>
    public string? Reason { get; init; }

    /// <summary>Why it did not complete, for people.</summary>
    public string? Error { get; init; }

    /// <summary>When somebody asked to cancel it.</summary>
    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>The worker that runs it, or ran it last.</summary>
    public string? WorkerId { get; init; }

    /// <summary>The job of which it is a rerun or a duplicate.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>The batch it belongs to.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>What it waits for, or waited for; while it does its status is <c>scheduled</c> and it has no <c>run_at</c>.</summary>
    public AfterBody? After { get; init; }

    /// <summary>Every attempt in order; not in lists.</summary>
    public IReadOnlyList<AttemptResponse>? Attempts { get; init; }
}

/// <summary>A job in full.</summary>
public sealed record JobResponse : JobSummary
{
    /// <summary>The command.</summary>
    public string? Command { get; init; }

    /// <summary>The script.</summary>
    public string? Script { get; init; }

    /// <summary>The arguments, as they were given.</summary>
    public JobArgs? Args { get; init; }

    /// <summary>The interpreter.</summary>
    public string? Shell { get; init; }

    /// <summary>Environment variables.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>The directory it runs in.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>What it reads on its standard input.</summary>
    public string? Stdin { get; init; }

    /// <summary>Whether it gets a terminal.</summary>
    public bool? Pty { get; init; }

    /// <summary>Whether its programs are asked not to buffer.</summary>
    public bool? Unbuffered { get; init; }

    /// <summary>A task's payload.</summary>
    public JsonElement? Payload { get; init; }

    /// <summary>Seconds that one attempt may run; 0 for no limit.</summary>
    public required double Timeout { get; init; }

    /// <summary>The wait between attempts.</summary>
    public required BackoffBody Backoff { get; init; }

    /// <summary>How many attempts count; a retry by hand starts again at 0.</summary>
    public required int AttemptsUsed { get; init; }

    /// <summary>While it is not finished another job with this key is not created.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>What <c>unique_key</c> means, when it is not the usual.</summary>
    public UniqueBody? Unique { get; init; }

    /// <summary>The key under which it shares a limit with others.</summary>
    public string? LimitKey { get; init; }

    /// <summary>The jobs that follow it, as they were sent with it; only in the answer to that.</summary>
    public IReadOnlyList<Guid>? Then { get; init; }

    /// <summary>What becomes of it when its worker disappears.</summary>
    public required WorkerLostPolicy OnWorkerLost { get; init; }

    /// <summary>Labels a worker must carry to run it.</summary>
    public required IReadOnlyList<string> WorkerLabels { get; init; }

    /// <summary>Who asked to cancel it.</summary>
    public string? CanceledBy { get; init; }

    /// <summary>How far a task's latest attempt is, as its handler told; only where one job is shown.</summary>
    public ProgressBody? Progress { get; init; }

    /// <summary>What a task's handler returned.</summary>
    public JsonElement? Result { get; init; }
}

/// <summary>How far a task is.</summary>
public sealed record ProgressBody
{
    /// <summary>0 to 1, in steps of a hundredth.</summary>
    public required double Done { get; init; }

    /// <summary>What is going on.</summary>
    public string? Text { get; init; }

    /// <summary>When its handler told.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>One try at running a job.</summary>
public sealed record AttemptResponse
{
    /// <summary>1 for the first.</summary>
    public required int Number { get; init; }

    /// <summary>Who ran it.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How it ended; not there while it runs.</summary>
    public OutcomeKind? Outcome { get; init; }

    /// <summary>The process's exit code.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, without SIG.</summary>
    public string? Signal { get; init; }

    /// <summary>Why it did not complete, a stable word.</summary>
    public string? Reason { get; init; }

    /// <summary>Why it did not complete, for people.</summary>
    public string? Error { get; init; }

    /// <summary>Whether it was canceled or timed out and the process was not seen to be gone.</summary>
    public bool? Unconfirmed { get; init; }

    /// <summary>Seconds from its start until the work itself began: connecting and signing in.</summary>
    public double? ConnectTime { get; init; }
}

/// <summary>A page of jobs.</summary>
public sealed record JobListResponse
{
    /// <summary>The jobs.</summary>
    public required IReadOnlyList<JobSummary> Items { get; init; }

    /// <summary>What to pass as <c>cursor</c> for the next page; not there on the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>How many jobs there are in each status.</summary>
public sealed record JobCountsResponse
{
    /// <summary>Their time has not come.</summary>
    public required long Scheduled { get; init; }

    /// <summary>Wait for a worker.</summary>
    public required long Queued { get; init; }

    /// <summary>Run.</summary>
    public required long Running { get; init; }

    /// <summary>Wait for their next attempt.</summary>
    public required long Retrying { get; init; }

    /// <summary>Did what they should.</summary>
    public required long Completed { get; init; }

    /// <summary>Used up their attempts.</summary>
    public required long Failed { get; init; }

    /// <summary>Were canceled.</summary>
    public required long Canceled { get; init; }

    /// <summary>All of them.</summary>
    public required long Total { get; init; }
}
