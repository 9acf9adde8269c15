using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.NetQueue.Client;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.Output;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue;

/// <summary>
/// The broker of a queue server, over TCP. It connects with the first request and again whenever the connection breaks;
/// callers only notice that an answer takes longer. Requests in doubt are sent again and carried out once.
/// </summary>
/// <remarks>Beyond the exceptions of <see cref="IBroker"/>, every member throws <see cref="NetQueueException"/> when the server refuses the client.</remarks>
public sealed class NetQueueBroker : IBroker, IAsyncDisposable
{
    private readonly NetQueueClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventSeq _seq = new();
    private readonly Link _link;

    /// <summary>A client of the server that the options name.</summary>
    public NetQueueBroker(NetQueueClientOptions options, TimeProvider time, ILoggerFactory logs)
    {
        _options = options;
        _time = time;
        _logger = logs.CreateLogger("Drover.NetQueue.Client");
        _link = new(options, time, _logger, _seq);
        Events = new RemoteEvents(_link, _seq);
        var catalog = new RemoteCatalog(_link);
        Catalog = new(catalog, catalog);
    }

    /// <inheritdoc/>
    public IEventFeed Events { get; }

    /// <summary>The catalog and the audit log of the queue server, for an admin's token.</summary>
    public NetQueueCatalog Catalog { get; }

    /// <inheritdoc/>
    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default) =>
        _link.RequestAsync(
            FrameType.Enqueue, request.FirstId is null ? request with { FirstId = JobId.New(_time) } : request,
            EnqueueMessages.Write, EnqueueMessages.ReadReply, cancel, tellsSeq: true);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Cancel, (ids, by), static (w, x) => ChangeMessages.WriteCancel(w, x.ids, x.by), ChangeMessages.ReadReply, cancel, tellsSeq: true);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Retry, ids, ChangeMessages.WriteIds, ChangeMessages.ReadReply, cancel, tellsSeq: true);

    /// <inheritdoc/>
    public async ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default)
    {
        var changes = await _link.RequestAsync(
            FrameType.Update, (id, update), static (w, x) => ChangeMessages.WriteUpdate(w, x.id, x.update), ChangeMessages.ReadReply, cancel, tellsSeq: true).ConfigureAwait(false);
        return changes[0];
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Delete, ids, ChangeMessages.WriteIds, ChangeMessages.ReadReply, cancel, tellsSeq: true);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Get, ids, ChangeMessages.WriteIds, ChangeMessages.ReadJobs, cancel);

    /// <inheritdoc/>
    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.List, query, QueryMessages.WriteQuery, QueryMessages.ReadPage, cancel);

    /// <inheritdoc/>
    public ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Count, filter, QueryMessages.WriteFilter, QueryMessages.ReadCounts, cancel);

    /// <inheritdoc/>
    public ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.ReadOutput, query, OutputMessages.WriteQuery, OutputMessages.ReadPage, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default) =>
        _link.RequestAsync(
            FrameType.Throughput, (from, to, interval), static (w, x) => QueryMessages.WriteThroughputQuery(w, x.from, x.to, x.interval), QueryMessages.ReadThroughput, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QueueStats>> ListQueuesAsync(CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Queues, 0, static (_, _) => { }, QueueMessages.ReadStats, cancel);

    /// <inheritdoc/>
    public async ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default) =>
        await _link.RequestAsync(
            FrameType.SetPaused, (queue, paused), static (w, x) => QueueMessages.WritePause(w, x.queue, x.paused), ReadNothing, cancel, tellsSeq: true).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default) =>
        await _link.RequestAsync(FrameType.SetLimits, limits, QueueMessages.WriteLimits, ReadNothing, cancel, tellsSeq: true).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<WorkerInfo>> ListWorkersAsync(CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.Workers, 0, static (_, _) => { }, WorkerMessages.ReadWorkers, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> DrainWorkerAsync(string workerId, CancellationToken cancel = default) =>
        _link.RequestAsync(FrameType.DrainWorker, workerId, static (w, id) => w.Text(id), static (ref BodyReader r) => r.Bool(), cancel);

    /// <inheritdoc/>
    public async ValueTask PublishAsync(EventKind kind, string serverId, CancellationToken cancel = default) =>
        await _link.RequestAsync(
            FrameType.Publish, (kind, serverId), static (w, x) => CatalogMessages.WritePublish(w, x.kind, x.serverId), ReadNothing, cancel, tellsSeq: true).ConfigureAwait(false);

    /// <summary>
    /// Connects a worker, over a connection of its own; waits for the server as long as it is away. The session goes
    /// over from connection to connection, and keeps its leases while it is away shorter than they last.
    /// </summary>
    /// <exception cref="WorkerRefusedException">The token is not known or lacks the role, or the worker must come over TLS.</exception>
    public async ValueTask<IWorkerSession> ConnectAsync(WorkerDescription worker, CancellationToken cancel = default)
    {
        var session = new NetQueueSession(worker, _options, _time, _logger, _seq);
        try
        {
            await session.AttachedAsync().WaitAsync(cancel).ConfigureAwait(false);
            return session;
        }
        catch (NetQueueException refused) when (refused.Denied || refused.Code == ErrorCode.Insecure)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw new WorkerRefusedException(refused.Message, refused);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask PingAsync(CancellationToken cancel = default) =>
        await _link.RequestAsync(FrameType.Ping, true, static (w, store) => w.Bool(store), ReadNothing, cancel, tellsSeq: true).ConfigureAwait(false);

    /// <summary>Closes the connection. Requests under way fail; worker sessions are disposed of by themselves.</summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private static bool ReadNothing(ref BodyReader reader) => true;
}
