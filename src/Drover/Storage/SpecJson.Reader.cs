using System.Collections.Immutable;
using System.Text.Json;
using Drover.Jobs;

namespace Drover.Storage;

public static partial class SpecJson
{
    /// <summary>Reads what <see cref="Write"/> wrote. A property it does not know is left out: an older program can read a newer row.</summary>
    /// <param name="bytes">The JSON.</param>
    /// <param name="payload">The payload of a task; it is copied.</param>
    public static JobSpec Read(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> payload)
    {
        var json = new Utf8JsonReader(bytes);
        var spec = new SpecParts();
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            ReadProperty(ref json, spec);
        return new()
        {
            Kind = spec.Kind,
            Name = spec.Name,
            Queue = spec.Queue ?? JobRules.DefaultQueue,
            Priority = spec.Priority,
            Timeout = spec.Timeout,
            MaxAttempts = spec.MaxAttempts,
            Backoff = spec.Backoff,
            RunAt = spec.RunAt,
            Delay = spec.Delay,
            Tags = spec.Tags,
            UniqueKey = spec.UniqueKey,
            Unique = spec.Unique,
            LimitKey = spec.LimitKey,
            After = spec.After,
            BatchId = spec.BatchId,
            OnWorkerLost = spec.OnWorkerLost,
            WorkerLabels = spec.WorkerLabels,
            Shell = spec.Shell,
            Task = spec.JobType is null ? null : new() { JobType = spec.JobType, Payload = payload.ToArray(), TraceParent = spec.TraceParent },
            OriginId = spec.OriginId,
            CreatedBy = spec.CreatedBy,
        };
    }

    private static void ReadProperty(ref Utf8JsonReader json, SpecParts spec)
    {
        switch (NextName(ref json))
        {
            case "kind": spec.Kind = (JobKind)json.GetInt32(); break;
            case "name": spec.Name = json.GetString(); break;
            case "queue": spec.Queue = json.GetString(); break;
            case "priority": spec.Priority = json.GetInt32(); break;
            case "timeout": spec.Timeout = new(json.GetInt64()); break;
            case "max_attempts": spec.MaxAttempts = json.GetInt32(); break;
            case "backoff": spec.Backoff = ReadBackoff(ref json); break;
            case "run_at": spec.RunAt = json.GetDateTimeOffset(); break;
            case "delay": spec.Delay = new(json.GetInt64()); break;
            case "tags": spec.Tags = ReadTexts(ref json); break;
            case "unique_key": spec.UniqueKey = json.GetString(); break;
            case "on_worker_lost": spec.OnWorkerLost = (WorkerLostPolicy)json.GetInt32(); break;
            case "worker_labels": spec.WorkerLabels = ReadTexts(ref json); break;
            case "shell": spec.Shell = ReadShell(ref json); break;
            case "job_type": spec.JobType = json.GetString(); break;
            case "trace_parent": spec.TraceParent = json.GetString(); break;
            case "origin_id": spec.OriginId = json.GetGuid(); break;
            case "created_by": spec.CreatedBy = json.GetString(); break;
            case "unique": spec.Unique = ReadUnique(ref json); break;
            case "limit_key": spec.LimitKey = json.GetString(); break;
            case "after": spec.After = ReadAfter(ref json); break;
            case "batch_id": spec.BatchId = json.GetGuid(); break;
            default: json.Skip(); break;
        }
    }

    private static Backoff ReadBackoff(ref Utf8JsonReader json)
    {
        var backoff = Backoff.Default;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            switch (NextName(ref json))
            {
                case "kind": backoff = backoff with { Kind = (BackoffKind)json.GetInt32() }; break;
                case "delay": backoff = backoff with { Delay = new(json.GetInt64()) }; break;
                case "max": backoff = backoff with { Max = new(json.GetInt64()) }; break;
                case "jitter": backoff = backoff with { Jitter = json.GetDouble() }; break;
                default: json.Skip(); break;
            }
        }

        return backoff;
    }

    private static UniqueRule ReadUnique(ref Utf8JsonReader json)
    {
        var unique = UniqueRule.Usual;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            switch (NextName(ref json))
            {
                case "until": unique = unique with { Until = (UniqueUntil)json.GetInt32() }; break;
                case "on_conflict": unique = unique with { OnConflict = (UniqueConflict)json.GetInt32() }; break;
                case "window": unique = unique with { Window = new(json.GetInt64()) }; break;
                default: json.Skip(); break;
            }
        }

        return unique;
    }

    private static JobAfter ReadAfter(ref Utf8JsonReader json)
    {
        var after = new JobAfter(Guid.Empty);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            switch (NextName(ref json))
            {
                case "id": after = after with { Id = json.GetGuid() }; break;
                case "on": after = after with { On = (AfterOutcome)json.GetInt32() }; break;
                case "batch": after = after with { IsBatch = json.GetBoolean() }; break;
                case "delay": after = after with { Delay = new(json.GetInt64()) }; break;
                default: json.Skip(); break;
            }
        }

        return after;
    }

    private static ShellWork ReadShell(ref Utf8JsonReader json)
    {
        var shell = new ShellWork { ServerId = "", ServerName = "" };
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            switch (NextName(ref json))
            {
                case "server_id": shell = shell with { ServerId = json.GetString()! }; break;
                case "server_name": shell = shell with { ServerName = json.GetString()! }; break;
                case "command": shell = shell with { Command = json.GetString() }; break;
                case "script": shell = shell with { Script = json.GetString() }; break;
                case "args_text": shell = shell with { ArgsText = json.GetString() }; break;
                case "args": shell = shell with { Args = ReadTexts(ref json) }; break;
                case "shell": shell = shell with { Shell = json.GetString() }; break;
                case "env": shell = shell with { Env = ReadMap(ref json) }; break;
                case "working_dir": shell = shell with { WorkingDir = json.GetString() }; break;
                case "stdin": shell = shell with { Stdin = json.GetString() }; break;
                case "pty": shell = shell with { Pty = json.GetBoolean() }; break;
                case "unbuffered": shell = shell with { Unbuffered = json.GetBoolean() }; break;
                default: json.Skip(); break;
            }
        }

        return shell;
    }

    private static string? NextName(ref Utf8JsonReader json)
    {
        string? name = json.GetString();
        json.Read();
        return name;
    }

    private static List<string> ReadTexts(ref Utf8JsonReader json)
    {
        var texts = new List<string>();
        while (json.Read() && json.TokenType == JsonTokenType.String)
            texts.Add(json.GetString()!);
        return texts;
    }

    private static ImmutableDictionary<string, string> ReadMap(ref Utf8JsonReader json)
    {
        var map = ImmutableDictionary.CreateBuilder<string, string>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            map[name] = json.GetString()!;
        }

        return map.ToImmutable();
    }

    private sealed class SpecParts
    {
        public JobKind Kind;
        public string? Name;
        public string? Queue;
        public int Priority = JobRules.DefaultPriority;
        public TimeSpan Timeout = JobRules.DefaultTimeout;
        public int MaxAttempts = 1;
        public Backoff Backoff = Backoff.Default;
        public DateTimeOffset? RunAt;
        public TimeSpan? Delay;
        public IReadOnlyList<string> Tags = [];
        public string? UniqueKey;
        public WorkerLostPolicy OnWorkerLost = WorkerLostPolicy.Fail;
        public IReadOnlyList<string> WorkerLabels = [];
        public ShellWork? Shell;
        public string? JobType;
        public string? TraceParent;
        public Guid? OriginId;
        public string? CreatedBy;
        public UniqueRule? Unique;
        public string? LimitKey;
        public JobAfter? After;
        public Guid? BatchId;
    }
}
