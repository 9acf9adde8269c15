using Drover.Jobs;
using Drover.Storage;

namespace Drover.Testing;

/// <summary>
/// The plain reference implementation of <see cref="IJobStore"/>: one lock and dictionaries, clear rather than fast.
/// It passes the same conformance suite as the stores that keep jobs on disk, so tests can use it in their place.
/// Nothing outlives the object.
/// </summary>
/// <param name="time">The clock. Delays and leases follow its timestamps, which a change of the wall clock does not move.</param>
/// <param name="options">How queues behave; null for the defaults.</param>
/// <param name="random">Where jitter and weights take their chance from; null for a random seed.</param>
public sealed partial class InMemoryJobStore(TimeProvider time, QueueOptions? options = null, Random? random = null) : IJobStore
{
    private static readonly TimeSpan IdempotencyPeriod = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private readonly QueueOptions _options = options ?? new();
    private readonly Random _random = random ?? new();
    private readonly Dictionary<Guid, StoredJob> _jobs = [];
    private readonly ReadyJobs _ready = new(options ?? new());
    private readonly HashSet<StoredJob> _waiting = [];
    private readonly HashSet<StoredJob> _running = [];
    private readonly Dictionary<string, StoredJob> _uniqueKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FirstAnswer> _idempotencyKeys = new(StringComparer.Ordinal);
    private long _lastSeq;
    private bool _disposed;

    /// <inheritdoc/>
    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        var now = time.GetUtcNow();
        if (FirstAnswerTo(request, now) is { } answer)
            return new(new EnqueueResult(answer.Jobs, Replayed: true));

        RefuseFullQueues(request.Jobs);
        RefuseTakenIds(request);
        var jobs = request.Jobs.Select((spec, n) => Accept(spec, request.FirstId is { } id ? JobId.Following(id, n) : JobId.New(time), now)).ToList();
        if (request.IdempotencyKey is { } key)
            _idempotencyKeys[key] = new(request.Fingerprint, jobs, now);
        return new(new EnqueueResult(jobs, Replayed: false));
    }

    /// <inheritdoc/>
    public ValueTask PingAsync(CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        return ValueTask.CompletedTask;
    }

    /// <summary>Every later call throws <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
            _disposed = true;
        return ValueTask.CompletedTask;
    }

    private Lock.Scope Enter(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var scope = _gate.EnterScope();
        if (!_disposed)
            return scope;
        scope.Dispose();
        throw new ObjectDisposedException(nameof(InMemoryJobStore));
    }

    private FirstAnswer? FirstAnswerTo(EnqueueRequest request, DateTimeOffset now)
    {
        if (request.IdempotencyKey is not { } key || !_idempotencyKeys.TryGetValue(key, out var first) || now - first.At >= IdempotencyPeriod)
            return null;
        return first.Fingerprint == request.Fingerprint ? first : throw new IdempotencyConflictException(key);
    }

    private void RefuseFullQueues(IReadOnlyList<JobSpec> specs)
    {
        if (_options.MaxSize is not { } max)
            return;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var queue in specs.Where(IsNew).GroupBy(s => s.Queue))
        {
            int waiting = _jobs.Values.Count(j => j.Spec.Queue == queue.Key && j.Status is JobStatus.Scheduled or JobStatus.Queued or JobStatus.Retrying);
            if (waiting + queue.Count() > max)
                throw new QueueFullException(queue.Key, max);
        }

        bool IsNew(JobSpec spec) => JobRules.StoredKeyOf(spec) is not { } key || (!_uniqueKeys.ContainsKey(key) && keys.Add(key));
    }

    private void RefuseTakenIds(EnqueueRequest request)
    {
        for (int n = 0; request.FirstId is { } first && n < request.Jobs.Count; n++)
            if (_jobs.ContainsKey(JobId.Following(first, n)))
                throw new JobIdTakenException(JobId.Following(first, n));
    }

    private EnqueuedJob Accept(JobSpec spec, Guid id, DateTimeOffset now)
    {
        string? key = JobRules.StoredKeyOf(spec);
        if (key is not null && _uniqueKeys.TryGetValue(key, out var present))
            return new(present.Id, present.Status, Duplicate: true);

        var job = new StoredJob(id, ++_lastSeq, Owned(spec), now);
        _jobs.Add(job.Id, job);
        _queueNames.Add(spec.Queue);
        if (key is not null)
            _uniqueKeys.Add(key, job);
        if (spec.Delay is { } delay && delay > TimeSpan.Zero)
            WaitFor(job, JobStatus.Scheduled, delay);
        else if (spec.RunAt is { } runAt && runAt > now)
            WaitUntil(job, runAt);
        else
            MakeReady(job);
        return new(job.Id, job.Status, Duplicate: false);
    }

    /// <summary>The caller may use its payload's memory for something else.</summary>
    private static JobSpec Owned(JobSpec spec) =>
        spec.Task is { } task ? spec with { Task = task with { Payload = task.Payload.ToArray() } } : spec;

    // The moves between the sets; each sets the status and what belongs to it.

    private void MakeReady(StoredJob job)
    {
        job.Status = JobStatus.Queued;
        job.ReadyAt = time.GetUtcNow();
        _ready.Add(job);
    }

    private void WaitFor(StoredJob job, JobStatus status, TimeSpan delay)
    {
        job.Status = status;
        job.RunAt = time.GetUtcNow() + delay;
        job.DueStamp = StampIn(delay);
        _waiting.Add(job);
    }

    private void WaitUntil(StoredJob job, DateTimeOffset runAt)
    {
        job.Status = JobStatus.Scheduled;
        job.RunAt = runAt;
        job.DueStamp = null;
        _waiting.Add(job);
    }

    private void End(StoredJob job, JobStatus status)
    {
        job.Status = status;
        job.FinishedAt = time.GetUtcNow();
        FreeKey(job);
    }

    private void FreeKey(StoredJob job)
    {
        if (JobRules.StoredKeyOf(job.Spec) is { } key && _uniqueKeys.TryGetValue(key, out var holder) && holder == job)
            _uniqueKeys.Remove(key);
    }

    private void TakeOut(StoredJob job)
    {
        if (job.Status == JobStatus.Queued)
            _ready.Remove(job);
        _waiting.Remove(job);
        _running.Remove(job);
    }

    private long StampIn(TimeSpan delay) => time.GetTimestamp() + (long)((Int128)delay.Ticks * time.TimestampFrequency / TimeSpan.TicksPerSecond);

    private TimeSpan TimeUntil(long stamp) => time.GetElapsedTime(time.GetTimestamp(), stamp);

    private sealed record FirstAnswer(string? Fingerprint, IReadOnlyList<EnqueuedJob> Jobs, DateTimeOffset At);
}
