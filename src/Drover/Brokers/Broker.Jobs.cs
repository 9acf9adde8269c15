using Drover.Brokers.Following;
using Drover.Brokers.Uniqueness;
using Drover.Events;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Brokers;

public sealed partial class Broker
{
    private volatile IReadOnlyList<QueueInfo> _latestQueues = [];

    /// <inheritdoc/>
    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default)
    {
        JobValidator.Validate(request, Time);
        return UniqueEnqueue.Has(request.Jobs) ? _unique.EnqueueAsync(request, cancel) : AcceptAsync(request, cancel);
    }

    private async ValueTask<EnqueueResult> AcceptAsync(EnqueueRequest request, CancellationToken cancel)
    {
        bool follows = FollowRules.Has(request.Jobs);
        if (follows)
            request = await FollowRules.HoldAsync(request, _store, Time, cancel);
        EnqueueResult result;
        try
        {
            result = await _store.EnqueueAsync(request, cancel);
        }
        catch (Exception e) when (e is not (QueueFullException or IdempotencyConflictException or JobIdTakenException))
        {
            _announcer.MayBeEnqueued(request.Jobs);
            if (follows)
                _follow.LookAtAll();
            throw;
        }

        if (!result.Replayed)
            _announcer.Enqueued(request.Jobs, result.Jobs);
        if (!result.Replayed && follows)
            _follow.Accepted(request.Jobs, result.Jobs);
        return result;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default)
    {
        var changes = await _store.CancelAsync(ids, by, cancel);
        _announcer.Changed(changes);
        return changes;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        var changes = await _store.RetryAsync(ids, cancel);
        _announcer.Changed(changes);
        return changes;
    }

    /// <inheritdoc/>
    public async ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default)
    {
        JobValidator.Validate(update, Time);
        var change = await _store.UpdateAsync(id, update, cancel);
        _announcer.Changed([change]);
        return change;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        var changes = await _store.DeleteAsync(ids, cancel);
        foreach (var change in changes)
        {
            if (change.Result != ChangeResult.Done)
                continue;
            _events.Publish(EventKind.JobDeleted, change.Id, change.To, change.Attempt, change.Queue);
            _follow.Deleted(change.Id);
        }

        return changes;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) => _store.GetAsync(ids, cancel);

    /// <inheritdoc/>
    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default) => _store.ListAsync(query, cancel);

    /// <inheritdoc/>
    public ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default) => _store.CountAsync(filter, cancel);

    /// <inheritdoc/>
    public ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default) => _store.ReadOutputAsync(query, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(
        DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default) =>
        _store.ThroughputAsync(from, to, interval, cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<QueueStats>> ListQueuesAsync(CancellationToken cancel = default)
    {
        var queues = await _store.ListQueuesAsync(cancel);
        _latestQueues = queues;
        var workers = await _nodeWorkers.ListAsync(cancel);
        return [.. queues.Select(Describe)];

        QueueStats Describe(QueueInfo queue)
        {
            var pace = _paces.Read(queue.Name);
            return new(queue, workers.Count(w => w.Description.Queues.Any(q => q.Name == "*" || q.Name == queue.Name)), pace.Arrivals, pace.Rate, pace.Mean, pace.P50, pace.P95);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default)
    {
        if (!JobValidator.IsQueueName(queue))
            throw new JobValidationException(new Dictionary<string, string[]> { ["queue"] = ["Must be 1 to 100 letters, digits, '.', '_' or '-'."] });
        await _store.SetPausedAsync(queue, paused, cancel);
        _events.Publish(paused ? EventKind.QueuePaused : EventKind.QueueResumed, queue);
        if (!paused)
            _waiters.Ready(queue, null, long.MaxValue);
    }

    /// <inheritdoc/>
    public async ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default)
    {
        await _store.SetLimitsAsync(limits, cancel);
        foreach (var (key, limit) in limits)
        {
            if (limit is { } most)
                _announcer.Limits[key] = most;
            else
                _announcer.Limits.TryRemove(key, out _);
        }

        _waiters.AnyReady(long.MaxValue);
    }

    /// <summary>
    /// Sets how many jobs with a limit key (<see cref="JobRules.LimitKeyOf"/>), or of a queue under <see cref="JobRules.QueueLimitKey"/>, may start in a
    /// time; null lifts the limit. Jobs over it stay queued and hold up no others. Not stored, and counted by this broker alone.
    /// </summary>
    public void SetRates(IReadOnlyDictionary<string, RateLimit?> rates)
    {
        _rates.Set(rates);
        _waiters.AnyReady(long.MaxValue);
    }

    /// <inheritdoc/>
    public ValueTask PingAsync(CancellationToken cancel = default) => _store.PingAsync(cancel);

    /// <summary>For the gauge of queue depths, which cannot wait: what the store says at once, else what it said last.</summary>
    private IReadOnlyList<QueueInfo> LatestQueues()
    {
        var asked = RememberQueuesAsync();
        return asked.IsCompletedSuccessfully ? asked.Result : _latestQueues;

        async Task<IReadOnlyList<QueueInfo>> RememberQueuesAsync()
        {
            try
            {
                return _latestQueues = await _store.ListQueuesAsync();
            }
            catch (Exception e) when (e is StoreUnavailableException or ObjectDisposedException)
            {
                return _latestQueues;
            }
        }
    }
}
