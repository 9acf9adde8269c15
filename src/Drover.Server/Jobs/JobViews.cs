using System.Text.Json;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Server.Jobs;

/// <summary>Jobs as the API shows them.</summary>
internal static class JobViews
{
    private const int PreviewLength = 200;

    public static JobSummary Summary(Job job, bool withAttempts = false) => Fill(new JobSummary
    {
        Id = job.Id,
        Kind = job.Spec.Kind,
        Preview = PreviewOf(job.Spec),
        Status = job.Status,
        Queue = job.Spec.Queue,
        Priority = job.Priority,
        Tags = job.Spec.Tags,
        Attempt = job.Attempt,
        MaxAttempts = job.Spec.MaxAttempts,
        CreatedAt = job.CreatedAt,
        Attempts = withAttempts ? [.. job.Attempts.Select(Attempt)] : null,
    }, job);

    public static JobResponse Full(Job job)
    {
        var (spec, shell) = (job.Spec, job.Spec.Shell);
        return (JobResponse)Fill(new JobResponse
        {
            Id = job.Id,
            Kind = spec.Kind,
            Preview = PreviewOf(spec),
            Status = job.Status,
            Queue = spec.Queue,
            Priority = job.Priority,
            Tags = spec.Tags,
            Attempt = job.Attempt,
            MaxAttempts = spec.MaxAttempts,
            CreatedAt = job.CreatedAt,
            Attempts = [.. job.Attempts.Select(Attempt)],
            Command = shell?.Command,
            Script = shell?.Script,
            Args = ArgsOf(shell),
            Shell = shell?.Shell,
            Env = shell is { Env.Count: > 0 } ? shell.Env : null,
            WorkingDir = shell?.WorkingDir,
            Stdin = shell?.Stdin,
            Pty = shell?.Pty,
            Unbuffered = shell?.Unbuffered,
            Payload = spec.Task is { Payload.Length: > 0 } task ? Parse(task.Payload) : null,
            Timeout = spec.Timeout.TotalSeconds,
            Backoff = BackoffOf(spec.Backoff),
            AttemptsUsed = job.AttemptsUsed,
            UniqueKey = spec.UniqueKey,
            Unique = UniqueOf(spec.Unique),
            LimitKey = spec.LimitKey,
            OnWorkerLost = spec.OnWorkerLost,
            WorkerLabels = spec.WorkerLabels,
            CanceledBy = job.CanceledBy,
            Result = job.Outcome?.Result is { Length: > 0 } result ? Parse(result) : null,
        }, job);
    }

    public static JobCountsResponse Counts(JobCounts counts) => new()
    {
        Scheduled = counts.Scheduled,
        Queued = counts.Queued,
        Running = counts.Running,
        Retrying = counts.Retrying,
        Completed = counts.Completed,
        Failed = counts.Failed,
        Canceled = counts.Canceled,
        Total = counts.Total,
    };

    public static LogEndResponse End(Job job) => new()
    {
        Complete = true,
        Status = job.Status,
        ExitCode = job.Outcome?.ExitCode,
        Signal = job.Outcome?.Signal,
        Reason = job.Outcome?.Reason,
        Error = job.Outcome?.Error,
    };

    /// <summary>The work as it was asked for, as arguments of a request.</summary>
    public static JobArgs? ArgsOf(ShellWork? shell) =>
        shell?.Args is { } list ? new(list) : shell?.ArgsText is { } text ? new JobArgs(text) : null;

    public static BackoffBody BackoffOf(Backoff backoff) => new()
    {
        Kind = backoff.Kind,
        Delay = backoff.Delay.TotalSeconds,
        Max = backoff.Max.TotalSeconds,
        Jitter = backoff.Jitter,
    };

    public static ProgressBody? Progress(JobProgress? progress) =>
        progress is null ? null : new() { Done = progress.Done, Text = progress.Text, At = progress.At };

    public static UniqueBody? UniqueOf(UniqueRule? unique) => unique is null ? null : unique.Window is { } window
        ? new() { Window = window.TotalSeconds } : new() { Until = unique.Until, OnConflict = unique.OnConflict };

    /// <summary>One line that says what a job does.</summary>
    public static string PreviewOf(JobSpec spec)
    {
        if (spec.Task is { } task)
            return task.JobType;
        var shell = spec.Shell!;
        string text = shell.Command ?? FirstLineOf(shell.Script!);
        if (shell.Command is not null && shell.ArgsText is { Length: > 0 } args)
            text = $"{Cut(text)} {Cut(args)}";
        else if (shell.Command is not null && shell.Args is { Count: > 0 } list)
            text = $"{Cut(text)} {string.Join(' ', list.Take(50).Select(Cut))}";
        return Cut(text.AsSpan().ContainsAny('\n', '\r') ? text.ReplaceLineEndings(" ") : text);
    }

    /// <summary>A script's first line that is neither empty nor a comment.</summary>
    private static string FirstLineOf(string script)
    {
        foreach (var line in script.AsSpan(0, Math.Min(script.Length, 10_000)).EnumerateLines())
        {
            var trimmed = line.Trim();
            if (trimmed.Length > 0 && trimmed[0] != '#')
                return trimmed.ToString();
        }

        return Cut(script.Trim());
    }

    private static string Cut(string text)
    {
        if (text.Length <= PreviewLength)
            return text;
        int end = char.IsHighSurrogate(text[PreviewLength - 2]) ? PreviewLength - 2 : PreviewLength - 1;
        return string.Concat(text.AsSpan(0, end), "…");
    }

    private static JobSummary Fill(JobSummary summary, Job job) => summary with
    {
        Name = job.Spec.Name,
        ServerId = job.Spec.Shell?.ServerId,
        ServerName = job.Spec.Shell?.ServerName,
        JobType = job.Spec.Task?.JobType,
        CreatedBy = job.Spec.CreatedBy,
        RunAt = HeldJobs.IsHeld(job) ? null : job.RunAt,
        StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt,
        Duration = job is { Status: JobStatus.Completed or JobStatus.Failed or JobStatus.Canceled, StartedAt: { } start, FinishedAt: { } end }
            ? Math.Max(0, (end - start).TotalSeconds) : null,
        ExitCode = job.Outcome?.ExitCode,
        Signal = job.Outcome?.Signal,
        Reason = job.Outcome?.Reason,
        Error = job.Outcome?.Error,
        CancelRequestedAt = job.CancelRequestedAt,
        WorkerId = job.WorkerId,
        OriginId = job.Spec.OriginId,
        BatchId = job.Spec.BatchId,
        After = job.Spec.After is not { } after ? null
            : new() { JobId = after.IsBatch ? null : after.Id, BatchId = after.IsBatch ? after.Id : null, On = after.On },
    };

    private static AttemptResponse Attempt(JobAttempt attempt) => new()
    {
        Number = attempt.Number,
        WorkerId = attempt.WorkerId,
        StartedAt = attempt.StartedAt,
        FinishedAt = attempt.FinishedAt,
        Outcome = attempt.Outcome?.Kind,
        ExitCode = attempt.Outcome?.ExitCode,
        Signal = attempt.Outcome?.Signal,
        Reason = attempt.Outcome?.Reason,
        Error = attempt.Outcome?.Error,
        Unconfirmed = attempt.Outcome is { Unconfirmed: true } ? true : null,
        ConnectTime = attempt.Outcome?.ConnectTime?.TotalSeconds,
    };

    private static JsonElement Parse(ReadOnlyMemory<byte> json) => JsonElement.Parse(json.Span);
}
