using System.Runtime.InteropServices;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Server.Problems;
using Drover.Server.Servers;

namespace Drover.Server.Jobs;

/// <summary>Makes specs of requests: fills in defaults, finds servers. The broker checks all other rules.</summary>
internal sealed class SpecBuilder(ServerSet servers, ServerOptions options, Errors errors, string createdBy)
{
    private const string DefaultServer = "local";

    /// <summary>The spec, or null when <see cref="Errors"/> has gained something.</summary>
    /// <param name="request">What was sent.</param>
    /// <param name="on">The server, when it was chosen already.</param>
    public JobSpec? Build(JobRequest request, ServerEntry? on = null)
    {
        if (KindOf(request) is not { } kind)
            return null;
        if (request.Then is not null)
            errors.Add("then", "Is for a job that is submitted by itself.");
        bool isTask = kind == JobKind.Task;
        if (isTask)
            RefuseShellFields(request);
        else
            RefuseTaskFields(request);
        var server = isTask ? null : on ?? FindServer(request.ServerId ?? DefaultServer);
        if (!isTask && (server is null || !IsAllowed(request.Shell)))
            return null;

        return new()
        {
            Kind = kind,
            Name = request.Name,
            Queue = request.Queue ?? JobRules.DefaultQueue,
            Priority = request.Priority ?? JobRules.DefaultPriority,
            Timeout = request.Timeout is { } timeout ? Seconds(timeout) : isTask ? JobRules.DefaultTimeout : options.DefaultTimeout,
            MaxAttempts = request.MaxAttempts ?? (isTask ? 3 : 1),
            Backoff = request.Backoff is { } backoff ? BackoffOf(backoff) : Backoff.Default,
            RunAt = request.RunAt,
            Delay = request.Delay is { } delay ? Seconds(delay) : null,
            Tags = request.Tags ?? [],
            UniqueKey = request.UniqueKey,
            Unique = request.Unique is { } unique ? UniqueOf(unique) : null,
            LimitKey = request.LimitKey,
            After = request.After is { } after ? AfterOf(after) : null,
            OriginId = request.OriginId,
            OnWorkerLost = request.OnWorkerLost ?? (isTask ? WorkerLostPolicy.Retry : WorkerLostPolicy.Fail),
            WorkerLabels = request.WorkerLabels ?? [],
            Shell = isTask ? null : ShellOf(request, server!),
            Task = isTask ? new() { JobType = request.JobType!, Payload = PayloadOf(request) } : null,
            CreatedBy = createdBy,
        };
    }

    /// <summary>An active server by id or name; null when there is none, which is then an error of <c>server_id</c>.</summary>
    public ServerEntry? FindServer(string idOrName, string field = "server_id")
    {
        var server = servers.Find(idOrName);
        if (server is null)
            errors.Add(field, $"There is no server '{idOrName}'.");
        else if (!server.Record.IsActive)
            errors.Add(field, $"The server '{server.Name}' is switched off (is_active is false).");
        return server is { Record.IsActive: true } ? server : null;
    }

    /// <summary>Seconds as a span; what no span can hold becomes one that breaks every limit.</summary>
    public static TimeSpan Seconds(double seconds) => seconds switch
    {
        > 1e11 => TimeSpan.MaxValue,
        < -1e11 => TimeSpan.MinValue,
        // Less than a tick is not "no limit".
        > 0 and < 1e-6 => TimeSpan.FromTicks(1),
        _ => TimeSpan.FromSeconds(seconds),
    };

    private static UniqueRule UniqueOf(UniqueBody body) => new(body.Until ?? UniqueUntil.Finished, body.OnConflict ?? UniqueConflict.Skip)
    {
        Window = body.Window is { } window ? Seconds(window) : null,
    };

    private JobAfter? AfterOf(AfterBody body)
    {
        if (body is { JobId: not null, BatchId: null } or { JobId: null, BatchId: not null })
            return new((body.JobId ?? body.BatchId)!.Value, body.On ?? AfterOutcome.Success) { IsBatch = body.BatchId is not null };
        errors.Add("after", "Give exactly one of job_id and batch_id.");
        return null;
    }

    private JobKind? KindOf(JobRequest request)
    {
        switch (request)
        {
            case { Command: not null, Script: null, JobType: null }:
                return JobKind.Command;
            case { Script: not null, Command: null, JobType: null }:
                return JobKind.Script;
            case { JobType: not null, Command: null, Script: null }:
                return JobKind.Task;
            default:
                errors.Add("command", "Give exactly one of command, script and job_type.");
                return null;
        }
    }

    private bool IsAllowed(string? shell)
    {
        if (shell is null || options.AllowedShells.Contains("*") || options.AllowedShells.Contains(shell))
            return true;
        errors.Add("shell", $"'{shell}' is not allowed here; allowed are {string.Join(", ", options.AllowedShells)}.");
        return false;
    }

    private void RefuseShellFields(JobRequest request)
    {
        Refuse(request.ServerId is not null, "server_id");
        Refuse(request.Args is not null, "args");
        Refuse(request.Shell is not null, "shell");
        Refuse(request.Env is not null, "env");
        Refuse(request.WorkingDir is not null, "working_dir");
        Refuse(request.Stdin is not null, "stdin");
        Refuse(request.Pty is not null, "pty");
        Refuse(request.Unbuffered is not null, "unbuffered");

        void Refuse(bool given, string field)
        {
            if (given)
                errors.Add(field, "Is for commands and scripts, not for tasks.");
        }
    }

    private void RefuseTaskFields(JobRequest request)
    {
        if (request.Payload is not null)
            errors.Add("payload", "Is for tasks, not for commands and scripts.");
    }

    private static ShellWork ShellOf(JobRequest request, ServerEntry server)
    {
        var work = new ShellWork
        {
            ServerId = server.Id,
            ServerName = server.Name,
            Command = request.Command,
            Script = request.Script,
            ArgsText = request.Args?.Text,
            Args = request.Args?.List,
            Shell = request.Shell,
            WorkingDir = request.WorkingDir,
            Stdin = request.Stdin,
            Pty = request.Pty ?? false,
            Unbuffered = request.Unbuffered ?? false,
        };
        return request.Env is { Count: > 0 } env ? work with { Env = env } : work;
    }

    private static ReadOnlyMemory<byte> PayloadOf(JobRequest request) =>
        request.Payload is { } payload ? JsonMarshal.GetRawUtf8Value(payload).ToArray() : default;

    private static Backoff BackoffOf(BackoffBody body)
    {
        var delay = body.Delay is { } given ? Seconds(given) : Backoff.Default.Delay;
        var longest = Backoff.Default.Max > delay ? Backoff.Default.Max : delay;
        return new()
        {
            Kind = body.Kind ?? Backoff.Default.Kind,
            Delay = delay,
            Max = body.Max is { } max ? Seconds(max) : longest,
            Jitter = body.Jitter ?? Backoff.Default.Jitter,
        };
    }
}
