using Drover.Events;
using Drover.Jobs;
using Drover.Output;
using Drover.Postgres.Engine;
using Drover.Storage;

namespace Drover.Postgres.Jobs;

/// <summary>The jobs in PostgreSQL: each change one transaction, any number of nodes.</summary>
internal sealed class PostgresJobStore : IInboxStore, IJobArchive
{
    private readonly Link _link;
    private readonly Registry _registry;
    private readonly NodeSession _session;
    private readonly SharedClock _clock;
    private readonly Enqueuer _enqueuer;
    private readonly Leaser _leaser;
    private readonly Renewer _renewer;
    private readonly Finisher _finisher;
    private readonly Changer _changer;
    private readonly Duties _duties;
    private readonly Outputs _outputs;
    private readonly Queries _queries;
    private readonly Inbox _inbox;
    private readonly Importer _importer;
    private int _disposed;

    public PostgresJobStore(Link link, Link reads, Registry registry, SharedClock clock, NodeSession session, QueueOptions options, TimeProvider time)
    {
        (_link, _registry, _session, _clock) = (link, registry, session, clock);
        var cache = new JobCache(link);
        _enqueuer = new(link, registry, clock, options, time);
        _leaser = new(link, registry, clock, cache, options);
        _renewer = new(link, clock, cache);
        _finisher = new(link, registry, clock, cache);
        _changer = new(link, registry, clock);
        _duties = new(link, registry, clock, cache, _finisher);
        _outputs = new(link, cache);
        _queries = new(reads, registry);
        _inbox = new(link);
        _importer = new(link, registry, clock);
    }

    public bool IsLeader => _session.Leads;

    // A test's clock may be ahead of what was seen.
    public bool Looks => _clock.IsReal;

    public void Join(ISharedStoreNode node) => _session.Join(node);

    public void Tell(in BrokerEvent told) => _session.Tell(told);

    public async ValueTask ShowWorkersAsync(ReadOnlyMemory<byte> workers, bool soon, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _session.ShowWorkersAsync(workers.ToArray(), soon);
    }

    public async ValueTask<IReadOnlyList<byte[]>> ListOtherWorkersAsync(CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _session.ListOtherWorkersAsync(cancel);
    }

    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default)
    {
        Enter(cancel);
        return _enqueuer.EnqueueAsync(request, cancel);
    }

    public async ValueTask<IReadOnlyList<InboxRequest>> ReadInboxAsync(int most, bool all, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _inbox.ReadAsync(most, all, cancel);
    }

    public async ValueTask TakeOffAsync(IReadOnlyList<InboxRequest> requests, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _inbox.TakeOffAsync(requests);
    }

    public async ValueTask LayAsideAsync(InboxRequest request, string reason, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _inbox.LayAsideAsync(request, reason);
    }

    public ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel = default)
    {
        Enter(cancel);
        return _leaser.LeaseAsync(request, cancel);
    }

    public ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel = default)
    {
        Enter(cancel);
        return _renewer.RenewAsync(leases, duration, cancel);
    }

    public ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default)
    {
        Enter(cancel);
        return _outputs.AppendAsync(lease, entries, trim, cancel);
    }

    public async ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _finisher.EndAsync([.. finishes.Select(f => new Ending(f, long.MaxValue))]);
    }

    public async ValueTask ImportAsync(IReadOnlyList<Job> jobs, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _importer.ImportAsync(jobs, cancel);
    }

    public async ValueTask ImportOutputAsync(Guid id, IReadOnlyList<OutputEntry> entries, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _importer.ImportOutputAsync(id, entries, cancel);
    }

    public async ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _changer.CancelAsync(ids, by);
    }

    public async ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _changer.RetryAsync(ids);
    }

    public async ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _changer.UpdateAsync(id, update);
    }

    public async ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _changer.DeleteAsync(ids);
    }

    public async ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _queries.GetAsync(ids, cancel);
    }

    public async ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _queries.ListAsync(query, cancel);
    }

    public async ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _queries.CountAsync(filter, cancel);
    }

    public ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 10_000, nameof(query));
        Enter(cancel);
        return _outputs.ReadAsync(query, cancel);
    }

    public async ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _queries.ThroughputAsync(from, to, interval, cancel);
    }

    public async ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _duties.PromoteAsync(max);
    }

    public async ValueTask<IReadOnlyList<JobChange>> ExpireLeasesAsync(int max, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _session.AfterOutageAsync();
        return await _duties.ExpireAsync(max);
    }

    public async ValueTask<IReadOnlyList<JobChange>> LoseWorkerAsync(string workerId, Guid currentInstance, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _duties.LoseWorkerAsync(workerId, currentInstance);
    }

    public async ValueTask<int> RetainAsync(RetentionPolicy policy, int max, CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _duties.RetainAsync(policy, max);
    }

    public async ValueTask<IReadOnlyList<QueueInfo>> ListQueuesAsync(CancellationToken cancel = default)
    {
        Enter(cancel);
        return await _queries.QueuesAsync(cancel);
    }

    public async ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default)
    {
        Enter(cancel);
        await _registry.PauseAsync(queue, paused);
    }

    public ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default)
    {
        Enter(cancel);
        _leaser.SetLimits(limits);
        return ValueTask.CompletedTask;
    }

    public async ValueTask PingAsync(CancellationToken cancel = default)
    {
        Enter(cancel);
        await _link.ReadAsync(async connection =>
        {
            await using var command = connection.Command("SELECT 1");
            return await command.ExecuteScalarAsync(cancel);
        }, cancel);
    }

    /// <summary>Every later call throws <see cref="ObjectDisposedException"/>. The connections are the database's.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _leaser.Dispose();
            _registry.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private void Enter(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
    }
}
