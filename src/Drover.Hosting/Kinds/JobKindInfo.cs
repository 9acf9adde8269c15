using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Jobs;
using Drover.Workers;

namespace Drover.Hosting;

/// <summary>A kind of job as this program knows it: how it is named, written and, unless it is only enqueued here, run.</summary>
internal abstract class JobKindInfo
{
    public abstract string Name { get; }

    /// <summary>Whether this program runs it.</summary>
    public abstract bool HasHandler { get; }

    /// <summary>The job types that this program reads: that of today's version and those with an upgrader.</summary>
    public abstract IEnumerable<string> JobTypes { get; }

    /// <summary>Why a payload of a job type cannot be read; null when it can.</summary>
    public abstract string? FaultOf(string jobType, ReadOnlyMemory<byte> payload);

    public abstract void AddHandlers(TaskHandlers handlers, HandlerRunner runner);

    /// <summary>The job type of a kind's version: the version is part of it, so that a job waits until a worker comes that can read it.</summary>
    public static string JobTypeOf(string name, int version) => version == 1 ? name : name + ":" + version.ToString(CultureInfo.InvariantCulture);
}

/// <inheritdoc/>
internal sealed class JobKindInfo<TJob> : JobKindInfo
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/");

    private readonly JsonTypeInfo<TJob> _json;
    private readonly KindOptions<TJob> _options;
    private readonly int _version;
    private readonly JobCall<TJob>? _handler;

    public JobKindInfo(JsonTypeInfo<TJob> json, KindOptions<TJob> options, JobCall<TJob>? handler)
    {
        var mark = typeof(TJob).GetCustomAttribute<JobKindAttribute>()
            ?? throw new ArgumentException($"{typeof(TJob).Name} has no kind: mark it with [JobKind(\"a-name-that-stays\")].");
        if (mark.Name is not { Length: >= 1 and <= 90 } || mark.Name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new ArgumentException($"The kind of {typeof(TJob).Name} must be 1 to 90 letters, digits, '.', '_', '-' or '/', not '{mark.Name}'.");
        if (mark.Version is < 1 or > 99_999)
            throw new ArgumentException($"The version of the kind '{mark.Name}' must be 1 to 99999, not {mark.Version}.");
        foreach (int from in options.Upgraders.Keys)
        {
            if (from < 1 || from >= mark.Version)
                throw new ArgumentException($"The kind '{mark.Name}' has version {mark.Version}: there can be no upgrader from version {from}.");
        }

        options.Retry.Validate();
        (_json, _options, _version, _handler, Name) = (json, options, mark.Version, handler, mark.Name);
    }

    public override string Name { get; }

    public override bool HasHandler => _handler is not null;

    public JobSpec SpecOf(TJob job, JobOptions options, string? trace) => new()
    {
        Kind = JobKind.Task,
        Name = options.Name,
        Queue = options.Queue ?? _options.Queue,
        Priority = options.Priority,
        Timeout = options.Timeout ?? _options.Timeout,
        MaxAttempts = options.MaxAttempts ?? _options.Retry.MaxAttempts,
        Backoff = _options.Retry.Backoff,
        Delay = options.Delay,
        RunAt = options.RunAt,
        UniqueKey = options.UniqueKey,
        Unique = options.Unique,
        LimitKey = options.LimitKey,
        After = options.After,
        Tags = options.Tags,
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = JobTypeOf(Name, _version), Payload = JsonSerializer.SerializeToUtf8Bytes(job, _json), TraceParent = trace },
    };

    private IEnumerable<(int Version, Func<ReadOnlyMemory<byte>, TJob> Read)> Readers =>
        _options.Upgraders.Select(each => (each.Key, each.Value)).Prepend((_version, bytes => Payload.Read(bytes, _json)));

    public override IEnumerable<string> JobTypes => Readers.Select(each => JobTypeOf(Name, each.Version));

    /// <summary>Reads a payload as a worker would; null when it is of no version that is known here.</summary>
    /// <exception cref="JsonException">It cannot be read.</exception>
    public (TJob Job, int Version)? Read(string jobType, ReadOnlyMemory<byte> payload)
    {
        foreach (var (version, read) in Readers)
        {
            if (JobTypeOf(Name, version) == jobType)
                return (read(payload), version);
        }

        return null;
    }

    public override string? FaultOf(string jobType, ReadOnlyMemory<byte> payload)
    {
        try
        {
            return Read(jobType, payload) is null ? "unknown version" : null;
        }
        catch (Exception fault)
        {
            // An upgrader is the program's own and may throw what it likes.
            return fault.Message;
        }
    }

    public override void AddHandlers(TaskHandlers handlers, HandlerRunner runner)
    {
        if (_handler is not { } handler)
            return;
        foreach (var (version, read) in Readers)
            handlers.Add(JobTypeOf(Name, version), (task, cancel) => runner.RunAsync(task, new(Name, version, _options.Retry), read, handler, cancel));
    }
}

/// <summary>Runs a job with the services of its scope.</summary>
internal delegate ValueTask JobCall<in TJob>(IServiceProvider services, TJob job, JobContext context, CancellationToken cancel);
