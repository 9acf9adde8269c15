using Drover.Jobs;
using Drover.Storage;

namespace Drover.Testing;

public sealed partial class InMemoryJobStore
{
    private readonly SortedSet<string> _queueNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _paused = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        return new(ids.Select(id => _jobs.GetValueOrDefault(id)?.ToJob(withAttempts: true)).ToList());
    }

    /// <inheritdoc/>
    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 500, nameof(query));
        var after = ListPlace.Parse(query.Sort, query.Cursor);
        using var held = Enter(cancel);
        var rest = _jobs.Values.Where(job => Matches(job, query.Filter))
            .Select(job => (Job: job, Place: PlaceOf(query.Sort, job)))
            .Where(j => after is not { } point || j.Place > point)
            .OrderBy(j => j.Place).Take(query.Limit + 1).ToList();
        string? next = rest.Count > query.Limit ? rest[query.Limit - 1].Place.ToCursor(query.Sort) : null;
        return new(new JobPage([.. rest.Take(query.Limit).Select(j => j.Job.ToJob(withAttempts: false))], next));
    }

    /// <inheritdoc/>
    public ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        var counts = _jobs.Values.Where(job => Matches(job, filter)).CountBy(job => job.Status).ToDictionary();
        return new(new JobCounts(Of(JobStatus.Scheduled), Of(JobStatus.Queued), Of(JobStatus.Running), Of(JobStatus.Retrying),
            Of(JobStatus.Completed), Of(JobStatus.Failed), Of(JobStatus.Canceled)));

        long Of(JobStatus status) => counts.GetValueOrDefault(status);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(
        DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        using var held = Enter(cancel);
        var points = new List<ThroughputPoint>();
        var ended = _jobs.Values.Where(job => job.FinishedAt >= from && job.FinishedAt < to)
            .ToLookup(job => (job.FinishedAt!.Value - from).Ticks / interval.Ticks);
        for (var at = from; at < to; at += interval)
        {
            var jobs = ended[points.Count].ToList();
            var ran = jobs.Where(job => job.Status != JobStatus.Canceled).ToList();
            points.Add(new(at, Count(JobStatus.Completed), Count(JobStatus.Failed), Count(JobStatus.Canceled),
                ran.Count == 0 ? null : TimeSpan.FromTicks((long)ran.Average(job => (job.FinishedAt - job.StartedAt)!.Value.Ticks))));

            long Count(JobStatus status) => jobs.Count(job => job.Status == status);
        }

        return new(points);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QueueInfo>> ListQueuesAsync(CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        return new(_queueNames.Select(Describe).ToList());
    }

    /// <inheritdoc/>
    public ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        _queueNames.Add(queue);
        if (paused)
            _paused.Add(queue);
        else
            _paused.Remove(queue);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        foreach (var (key, limit) in limits)
        {
            if (limit is { } most)
                _limits[key] = most;
            else
                _limits.Remove(key);
        }

        return ValueTask.CompletedTask;
    }

    private QueueInfo Describe(string queue)
    {
        var counts = _waiting.Concat(_running).Where(job => job.Spec.Queue == queue).CountBy(job => job.Status).ToDictionary();
        return new(queue, _paused.Contains(queue), [.. Enumerable.Range(1, 10).Select(priority => _ready.Depth(queue, priority))],
            counts.GetValueOrDefault(JobStatus.Scheduled), counts.GetValueOrDefault(JobStatus.Retrying),
            counts.GetValueOrDefault(JobStatus.Running), _ready.OldestReadyAt(queue));
    }

    private static bool Matches(StoredJob job, JobFilter filter) =>
        (filter.Statuses.Count == 0 || filter.Statuses.Contains(job.Status))
        && (filter.ServerId is null || job.Spec.Shell?.ServerId == filter.ServerId)
        && (filter.Queue is null || job.Spec.Queue == filter.Queue)
        && (filter.Kind is null || job.Spec.Kind == filter.Kind)
        && (filter.JobType is null || job.Spec.Task?.JobType == filter.JobType)
        && (filter.Tag is null || job.Spec.Tags.Contains(filter.Tag))
        && (filter.Priority is null || job.Priority == filter.Priority)
        && (filter.CreatedAfter is null || job.CreatedAt >= filter.CreatedAfter)
        && (filter.CreatedBefore is null || job.CreatedAt < filter.CreatedBefore)
        && (filter.OriginId is null || JobRules.LinkOf(job.Spec) == filter.OriginId)
        && (filter.Text is null || ContainsText(job, filter.Text));

    private static bool ContainsText(StoredJob job, string text) =>
        (JobRules.SearchTextOf(job.Spec)?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
        || (job.Outcome?.Error?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
        || job.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase);

    /// <summary>Two numbers that compare ascending, whatever the sort.</summary>
    private static ListPlace PlaceOf(JobSort sort, StoredJob job) => sort switch
    {
        JobSort.CreatedDescending => new(0, -job.Seq),
        JobSort.CreatedAscending => new(0, job.Seq),
        JobSort.FinishedDescending => new(job.FinishedAt is { } at ? -at.UtcTicks : 0, -job.Seq),
        JobSort.Priority => new(job.Priority, job.Seq),
        _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, null),
    };
}
