using Drover.Events;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Brokers;

/// <summary>
/// What producers and workers talk to. The broker on a store in the same process and the client of a queue server are
/// the same to them. The conformance suite in <c>tests/Drover.StoreTests</c> speaks to this interface.
/// Exceptions are those of <see cref="IJobStore"/>.
/// </summary>
public interface IBroker
{
    /// <summary>Events of jobs, workers, queues and servers, published after the store has committed them.</summary>
    IEventFeed Events { get; }

    /// <summary>Accepts jobs, all or none; answers when they are as safe as the store makes them.</summary>
    /// <exception cref="JobValidationException">A spec breaks a rule; nothing was accepted.</exception>
    ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.CancelAsync"/>
    ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.RetryAsync"/>
    ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.UpdateAsync"/>
    ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.DeleteAsync"/>
    ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.GetAsync"/>
    ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.ListAsync"/>
    ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.CountAsync"/>
    ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.ReadOutputAsync"/>
    ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.ThroughputAsync"/>
    ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default);

    /// <summary>Every queue with its load and pace.</summary>
    ValueTask<IReadOnlyList<QueueStats>> ListQueuesAsync(CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.SetPausedAsync"/>
    ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.SetLimitsAsync"/>
    ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default);

    /// <summary>The workers that are connected, by name.</summary>
    ValueTask<IReadOnlyList<WorkerInfo>> ListWorkersAsync(CancellationToken cancel = default);

    /// <summary>Tells a worker to take no new jobs and to leave when those in hand are done; false when it is not connected.</summary>
    ValueTask<bool> DrainWorkerAsync(string workerId, CancellationToken cancel = default);

    /// <summary>Publishes an event about a server (changed, deleted, checked); all others are the broker's own.</summary>
    ValueTask PublishAsync(EventKind kind, string serverId, CancellationToken cancel = default);

    /// <summary>Connects a worker. An earlier instance of the same id is taken for dead: its attempts are lost.</summary>
    ValueTask<IWorkerSession> ConnectAsync(WorkerDescription worker, CancellationToken cancel = default);

    /// <summary>A round trip to the store; throws when it does not work.</summary>
    ValueTask PingAsync(CancellationToken cancel = default);
}

/// <summary>A spec breaks a rule.</summary>
/// <param name="errors">For each field of the API (<c>priority</c>, <c>jobs[3].timeout</c>) the reasons.</param>
public sealed class JobValidationException(IReadOnlyDictionary<string, string[]> errors)
    : Exception(string.Join(" ", errors.Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")))
{
    /// <summary>For each field the reasons.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; } = errors;
}

/// <summary>A queue with its load and pace.</summary>
/// <param name="Queue">Its state in the store.</param>
/// <param name="ActiveWorkers">How many connected workers serve it.</param>
/// <param name="ArrivalRate">Jobs that were accepted a second, over the last minute.</param>
/// <param name="ProcessingRate">Jobs that ended a second, over the last minute.</param>
/// <param name="AverageWait">Mean time from ready to leased, over the last five minutes; null when nothing was leased.</param>
/// <param name="P50Wait">The time within which half were leased, over the same; null when nothing was.</param>
/// <param name="P95Wait">The time within which 95 % were leased, over the same; null when nothing was.</param>
public sealed record QueueStats(
    QueueInfo Queue, int ActiveWorkers, double ArrivalRate, double ProcessingRate, TimeSpan? AverageWait, TimeSpan? P50Wait, TimeSpan? P95Wait);
