using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Drover.Jobs;

namespace Drover.Storage;

/// <summary>
/// How the stores keep a spec: as JSON, without its payload, which stands beside it. Written by hand so that what equals the default is
/// left out (a plain task is some 40 bytes) and so that a property added later keeps its default in old rows.
/// </summary>
public static partial class SpecJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JobSpec Plain = new() { Kind = JobKind.Task };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>The spec without its payload.</summary>
    public static byte[] Write(JobSpec spec)
    {
        _buffer ??= new(256);
        _buffer.ResetWrittenCount();
        var json = _writer ??= new(_buffer, Options);
        json.Reset(_buffer);
        json.WriteStartObject();
        json.WriteNumber("kind"u8, (int)spec.Kind);
        Text(json, "name"u8, spec.Name);
        if (spec.Queue != Plain.Queue)
            json.WriteString("queue"u8, spec.Queue);
        Number(json, "priority"u8, spec.Priority, Plain.Priority);
        Number(json, "timeout"u8, spec.Timeout.Ticks, Plain.Timeout.Ticks);
        Number(json, "max_attempts"u8, spec.MaxAttempts, Plain.MaxAttempts);
        if (spec.Backoff != Backoff.Default)
            WriteBackoff(json, spec.Backoff);
        if (spec.RunAt is { } runAt)
            json.WriteString("run_at"u8, runAt);
        if (spec.Delay is { } delay)
            json.WriteNumber("delay"u8, delay.Ticks);
        Texts(json, "tags"u8, spec.Tags);
        Text(json, "unique_key"u8, spec.UniqueKey);
        Number(json, "on_worker_lost"u8, (int)spec.OnWorkerLost, (int)Plain.OnWorkerLost);
        Texts(json, "worker_labels"u8, spec.WorkerLabels);
        if (spec.Shell is { } shell)
            WriteShell(json, shell);
        if (spec.Task is { } task)
        {
            json.WriteString("job_type"u8, task.JobType);
            Text(json, "trace_parent"u8, task.TraceParent);
        }

        if (spec.OriginId is { } origin)
            json.WriteString("origin_id"u8, origin);
        Text(json, "created_by"u8, spec.CreatedBy);
        WriteLinks(json, spec);
        json.WriteEndObject();
        json.Flush();
        byte[] bytes = _buffer.WrittenSpan.ToArray();
        if (_buffer.Capacity > 1 << 20)
            (_buffer, _writer) = (null, null);
        return bytes;
    }

    private static void WriteBackoff(Utf8JsonWriter json, Backoff backoff)
    {
        json.WriteStartObject("backoff"u8);
        json.WriteNumber("kind"u8, (int)backoff.Kind);
        json.WriteNumber("delay"u8, backoff.Delay.Ticks);
        json.WriteNumber("max"u8, backoff.Max.Ticks);
        json.WriteNumber("jitter"u8, backoff.Jitter);
        json.WriteEndObject();
    }

    private static void WriteLinks(Utf8JsonWriter json, JobSpec spec)
    {
        Text(json, "limit_key"u8, spec.LimitKey);
        if (spec.BatchId is { } batch)
            json.WriteString("batch_id"u8, batch);
        if (spec.Unique is { } unique)
        {
            json.WriteStartObject("unique"u8);
            json.WriteNumber("until"u8, (int)unique.Until);
            json.WriteNumber("on_conflict"u8, (int)unique.OnConflict);
            Number(json, "window"u8, unique.Window?.Ticks ?? 0, 0);
            json.WriteEndObject();
        }

        if (spec.After is { } after)
        {
            json.WriteStartObject("after"u8);
            json.WriteString("id"u8, after.Id);
            json.WriteNumber("on"u8, (int)after.On);
            if (after.IsBatch)
                json.WriteBoolean("batch"u8, true);
            Number(json, "delay"u8, after.Delay.Ticks, 0);
            json.WriteEndObject();
        }
    }

    private static void WriteShell(Utf8JsonWriter json, ShellWork shell)
    {
        json.WriteStartObject("shell"u8);
        json.WriteString("server_id"u8, shell.ServerId);
        json.WriteString("server_name"u8, shell.ServerName);
        Text(json, "command"u8, shell.Command);
        Text(json, "script"u8, shell.Script);
        Text(json, "args_text"u8, shell.ArgsText);
        // An empty list is not the same as none.
        if (shell.Args is not null)
            WriteTexts(json, "args"u8, shell.Args);
        Text(json, "shell"u8, shell.Shell);
        if (shell.Env.Count > 0)
        {
            json.WriteStartObject("env"u8);
            foreach (var (name, value) in shell.Env)
                json.WriteString(name, value);
            json.WriteEndObject();
        }

        Text(json, "working_dir"u8, shell.WorkingDir);
        Text(json, "stdin"u8, shell.Stdin);
        if (shell.Pty)
            json.WriteBoolean("pty"u8, true);
        if (shell.Unbuffered)
            json.WriteBoolean("unbuffered"u8, true);
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long value, long usual)
    {
        if (value != usual)
            json.WriteNumber(name, value);
    }

    private static void Texts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
            WriteTexts(json, name, values);
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
