using System.Collections.Frozen;
using Drover.Jobs;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Messages;

/// <summary>A job's spec on the wire: what has its usual value is left out.</summary>
internal static class SpecCodec
{
    [Flags]
    private enum Has : uint
    {
        Name = 1 << 0, Queue = 1 << 1, Priority = 1 << 2, Timeout = 1 << 3, MaxAttempts = 1 << 4, Backoff = 1 << 5, RunAt = 1 << 6, Delay = 1 << 7,
        Tags = 1 << 8, UniqueKey = 1 << 9, OnWorkerLost = 1 << 10, WorkerLabels = 1 << 11, Shell = 1 << 12, Task = 1 << 13, OriginId = 1 << 14,
        CreatedBy = 1 << 15, TraceParent = 1 << 16,
        // Since version 2. A worker that does not know them needs none of them.
        Unique = 1 << 17, LimitKey = 1 << 18, After = 1 << 19, BatchId = 1 << 20,
        Second = Unique | LimitKey | After | BatchId,
        Known = (1 << 21) - 1,
    }

    [Flags]
    private enum ShellHas : uint
    {
        Command = 1 << 0, Script = 1 << 1, ArgsText = 1 << 2, Args = 1 << 3, Shell = 1 << 4, Env = 1 << 5, WorkingDir = 1 << 6, Stdin = 1 << 7,
        Pty = 1 << 8, Unbuffered = 1 << 9,
        Known = (1 << 10) - 1,
    }

    // kind u8 | has var | then each whose bit is set, in the order of the bits:
    // 0 name text | 1 queue text | 2 priority int | 3 timeout duration | 4 max_attempts int
    // 5 backoff: kind u8, delay duration, max duration, jitter f64 | 6 run_at time | 7 delay duration | 8 tags texts
    // 9 unique_key text | 10 on_worker_lost u8 | 11 worker_labels texts | 12 shell (below) | 13 task: job_type text, payload bytes
    // 14 origin_id uuid | 15 created_by text | 16 trace_parent text (of a task)
    // since version 2: 17 unique: until u8, on_conflict u8, window duration (zero for none) | 18 limit_key text
    // 19 after: id uuid, on u8, is_batch bool, delay duration | 20 batch_id uuid
    // Left out, they are: queue "default", priority 5, timeout 300 s, max_attempts 1, backoff exponential 5 s to 1 h with
    // jitter 0.1, on_worker_lost 1 (fail), the others none.
    public static void Write(FrameWriter w, JobSpec spec)
    {
        w.U8((byte)spec.Kind);
        var has = FieldsOf(spec);
        if ((has & Has.Second) != 0 && !w.Takes(2))
            has &= ~Has.Second;
        w.Var((uint)has);
        if (spec.Name is { } name)
            w.Text(name);
        if (has.HasFlag(Has.Queue))
            w.Text(spec.Queue);
        if (has.HasFlag(Has.Priority))
            w.Int(spec.Priority);
        if (has.HasFlag(Has.Timeout))
            w.Duration(spec.Timeout);
        if (has.HasFlag(Has.MaxAttempts))
            w.Int(spec.MaxAttempts);
        if (has.HasFlag(Has.Backoff))
            WriteBackoff(w, spec.Backoff);
        if (spec.RunAt is { } runAt)
            w.Time(runAt);
        if (spec.Delay is { } delay)
            w.Duration(delay);
        if (has.HasFlag(Has.Tags))
            w.Texts(spec.Tags);
        if (spec.UniqueKey is { } uniqueKey)
            w.Text(uniqueKey);
        if (has.HasFlag(Has.OnWorkerLost))
            w.U8((byte)spec.OnWorkerLost);
        if (has.HasFlag(Has.WorkerLabels))
            w.Texts(spec.WorkerLabels);
        if (spec.Shell is { } shell)
            WriteShell(w, shell);
        if (spec.Task is { } task)
        {
            w.Text(task.JobType);
            w.Bytes(task.Payload.Span);
        }

        if (spec.OriginId is { } origin)
            w.Uuid(origin);
        if (spec.CreatedBy is { } by)
            w.Text(by);
        if (spec.Task?.TraceParent is { } trace)
            w.Text(trace);
        if ((has & Has.Second) != 0)
            WriteSecond(w, spec);
    }

    public static JobSpec Read(ref BodyReader r)
    {
        var kind = (JobKind)r.U8();
        var has = (Has)r.Var();
        if ((has & ~Has.Known) != 0)
            throw BodyReader.Malformed("A job has fields that are not known here.");
        var spec = new JobSpec
        {
            Kind = kind,
            Name = has.HasFlag(Has.Name) ? r.Text() : null,
            Queue = has.HasFlag(Has.Queue) ? r.Word() : JobRules.DefaultQueue,
            Priority = has.HasFlag(Has.Priority) ? r.Int() : JobRules.DefaultPriority,
            Timeout = has.HasFlag(Has.Timeout) ? r.Duration() : JobRules.DefaultTimeout,
            MaxAttempts = has.HasFlag(Has.MaxAttempts) ? r.Int() : 1,
            Backoff = has.HasFlag(Has.Backoff) ? ReadBackoff(ref r) : Backoff.Default,
            RunAt = has.HasFlag(Has.RunAt) ? r.Time() : null,
            Delay = has.HasFlag(Has.Delay) ? r.Duration() : null,
            Tags = has.HasFlag(Has.Tags) ? r.Texts() : [],
            UniqueKey = has.HasFlag(Has.UniqueKey) ? r.Text() : null,
            OnWorkerLost = has.HasFlag(Has.OnWorkerLost) ? (WorkerLostPolicy)r.U8() : WorkerLostPolicy.Fail,
            WorkerLabels = has.HasFlag(Has.WorkerLabels) ? r.Texts() : [],
            Shell = has.HasFlag(Has.Shell) ? ReadShell(ref r) : null,
            Task = has.HasFlag(Has.Task) ? new TaskWork { JobType = r.Word(), Payload = r.Bytes().ToArray() } : null,
            OriginId = has.HasFlag(Has.OriginId) ? r.Uuid() : null,
            CreatedBy = has.HasFlag(Has.CreatedBy) ? r.Word() : null,
        };
        if (has.HasFlag(Has.TraceParent))
        {
            var task = spec.Task ?? throw BodyReader.Malformed("Only a task has a trace context.");
            spec = spec with { Task = task with { TraceParent = r.Text() } };
        }

        return (has & Has.Second) == 0 ? spec : ReadSecond(ref r, spec, has);
    }

    private static void WriteSecond(FrameWriter w, JobSpec spec)
    {
        if (spec.Unique is { } unique)
        {
            w.U8((byte)unique.Until);
            w.U8((byte)unique.OnConflict);
            w.Duration(unique.Window ?? TimeSpan.Zero);
        }

        if (spec.LimitKey is { } limitKey)
            w.Text(limitKey);
        if (spec.After is { } after)
        {
            w.Uuid(after.Id);
            w.U8((byte)after.On);
            w.Bool(after.IsBatch);
            w.Duration(after.Delay);
        }

        if (spec.BatchId is { } batch)
            w.Uuid(batch);
    }

    private static JobSpec ReadSecond(ref BodyReader r, JobSpec spec, Has has)
    {
        if (has.HasFlag(Has.Unique))
        {
            var (until, onConflict, window) = ((UniqueUntil)r.U8(), (UniqueConflict)r.U8(), r.Duration());
            spec = spec with { Unique = new(until, onConflict) { Window = window == TimeSpan.Zero ? null : window } };
        }

        if (has.HasFlag(Has.LimitKey))
            spec = spec with { LimitKey = r.Word() };
        if (has.HasFlag(Has.After))
        {
            var (id, on, isBatch, delay) = (r.Uuid(), (AfterOutcome)r.U8(), r.Bool(), r.Duration());
            spec = spec with { After = new(id, on) { IsBatch = isBatch, Delay = delay } };
        }

        return has.HasFlag(Has.BatchId) ? spec with { BatchId = r.Uuid() } : spec;
    }

    private static Has FieldsOf(JobSpec spec)
    {
        Has has = 0;
        Set(ref has, Has.Name, spec.Name is not null);
        Set(ref has, Has.Queue, spec.Queue != JobRules.DefaultQueue);
        Set(ref has, Has.Priority, spec.Priority != JobRules.DefaultPriority);
        Set(ref has, Has.Timeout, spec.Timeout != JobRules.DefaultTimeout);
        Set(ref has, Has.MaxAttempts, spec.MaxAttempts != 1);
        Set(ref has, Has.Backoff, !ReferenceEquals(spec.Backoff, Backoff.Default) && spec.Backoff != Backoff.Default);
        Set(ref has, Has.RunAt, spec.RunAt is not null);
        Set(ref has, Has.Delay, spec.Delay is not null);
        Set(ref has, Has.Tags, spec.Tags.Count > 0);
        Set(ref has, Has.UniqueKey, spec.UniqueKey is not null);
        Set(ref has, Has.OnWorkerLost, spec.OnWorkerLost != WorkerLostPolicy.Fail);
        Set(ref has, Has.WorkerLabels, spec.WorkerLabels.Count > 0);
        Set(ref has, Has.Shell, spec.Shell is not null);
        Set(ref has, Has.Task, spec.Task is not null);
        Set(ref has, Has.OriginId, spec.OriginId is not null);
        Set(ref has, Has.CreatedBy, spec.CreatedBy is not null);
        Set(ref has, Has.TraceParent, spec.Task?.TraceParent is not null);
        Set(ref has, Has.Unique, spec.Unique is not null);
        Set(ref has, Has.LimitKey, spec.LimitKey is not null);
        Set(ref has, Has.After, spec.After is not null);
        Set(ref has, Has.BatchId, spec.BatchId is not null);
        return has;
    }

    private static void Set(ref Has has, Has flag, bool present) => has |= present ? flag : 0;

    private static void WriteBackoff(FrameWriter w, Backoff backoff)
    {
        w.U8((byte)backoff.Kind);
        w.Duration(backoff.Delay);
        w.Duration(backoff.Max);
        w.F64(backoff.Jitter);
    }

    private static Backoff ReadBackoff(ref BodyReader r) =>
        new() { Kind = (BackoffKind)r.U8(), Delay = r.Duration(), Max = r.Duration(), Jitter = r.F64() };

    // server_id text | server_name text | has var | then each whose bit is set, in the order of the bits:
    // 0 command text | 1 script text | 2 args_text text | 3 args texts | 4 shell text | 5 env: count var, (name text, value text) each
    // 6 working_dir text | 7 stdin text | 8 pty (the bit says it all) | 9 unbuffered (the bit says it all)
    private static void WriteShell(FrameWriter w, ShellWork shell)
    {
        w.Text(shell.ServerId);
        w.Text(shell.ServerName);
        w.Var((uint)FieldsOf(shell));
        if (shell.Command is { } command)
            w.Text(command);
        if (shell.Script is { } script)
            w.Text(script);
        if (shell.ArgsText is { } argsText)
            w.Text(argsText);
        if (shell.Args is { } args)
            w.Texts(args);
        if (shell.Shell is { } interpreter)
            w.Text(interpreter);
        if (shell.Env.Count > 0)
        {
            w.Count(shell.Env.Count);
            foreach (var (name, value) in shell.Env)
            {
                w.Text(name);
                w.Text(value);
            }
        }

        if (shell.WorkingDir is { } dir)
            w.Text(dir);
        if (shell.Stdin is { } stdin)
            w.Text(stdin);
    }

    private static ShellHas FieldsOf(ShellWork shell) =>
        (shell.Command is null ? 0 : ShellHas.Command) | (shell.Script is null ? 0 : ShellHas.Script) | (shell.ArgsText is null ? 0 : ShellHas.ArgsText)
        | (shell.Args is null ? 0 : ShellHas.Args) | (shell.Shell is null ? 0 : ShellHas.Shell) | (shell.Env.Count == 0 ? 0 : ShellHas.Env)
        | (shell.WorkingDir is null ? 0 : ShellHas.WorkingDir) | (shell.Stdin is null ? 0 : ShellHas.Stdin)
        | (shell.Pty ? ShellHas.Pty : 0) | (shell.Unbuffered ? ShellHas.Unbuffered : 0);

    private static ShellWork ReadShell(ref BodyReader r)
    {
        string serverId = r.Word(), serverName = r.Word();
        var has = (ShellHas)r.Var();
        if ((has & ~ShellHas.Known) != 0)
            throw BodyReader.Malformed("A command or script has fields that are not known here.");
        return new()
        {
            ServerId = serverId,
            ServerName = serverName,
            Command = has.HasFlag(ShellHas.Command) ? r.Text() : null,
            Script = has.HasFlag(ShellHas.Script) ? r.Text() : null,
            ArgsText = has.HasFlag(ShellHas.ArgsText) ? r.Text() : null,
            Args = has.HasFlag(ShellHas.Args) ? r.Texts() : null,
            Shell = has.HasFlag(ShellHas.Shell) ? r.Word() : null,
            Env = has.HasFlag(ShellHas.Env) ? ReadEnv(ref r) : FrozenDictionary<string, string>.Empty,
            WorkingDir = has.HasFlag(ShellHas.WorkingDir) ? r.Text() : null,
            Stdin = has.HasFlag(ShellHas.Stdin) ? r.Text() : null,
            Pty = has.HasFlag(ShellHas.Pty),
            Unbuffered = has.HasFlag(ShellHas.Unbuffered),
        };
    }

    private static Dictionary<string, string> ReadEnv(ref BodyReader r)
    {
        var env = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int left = r.Count(2); left > 0; left--)
            env[r.Text()] = r.Text();
        return env;
    }
}
