using Drover.Brokers.Duties;
using Drover.Brokers.Following;
using Drover.Brokers.Presence;
using Drover.Brokers.Rates;
using Drover.Brokers.Uniqueness;
using Drover.Events;
using Drover.Servers;
using Drover.Storage;
using Drover.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers;

/// <summary>
/// The broker on a store in the same process. Once started it also does the duties of a broker: makes due jobs ready,
/// ends lost leases, deletes old jobs. It does not own the store.
/// </summary>
public sealed partial class Broker : IBroker, IHostedService, IAsyncDisposable
{
    private readonly IJobStore _store;
    private readonly ITargetResolver? _targets;
    private readonly BrokerOptions _options;
    private readonly ILogger _log;
    private readonly EventFeed _events;
    private readonly LeaseWaiters _waiters = new();
    private readonly WorkerRegistry _workers = new();
    private readonly NodeWorkers _nodeWorkers;
    private readonly QueuePaces _paces;
    private readonly BrokerMetrics _metrics;
    private readonly Announcer _announcer;
    private readonly TargetResolution _resolution;
    private readonly LeaseFence _fence;
    private readonly PromoteDuty _promote;
    private readonly ExpireLeasesDuty _expire;
    private readonly FollowDuty _follow;
    private readonly UniqueEnqueue _unique;
    private readonly RateGate _rates;
    private readonly RateDuty _rateDuty;
    private readonly Duty[] _duties;
    private readonly SemaphoreSlim _connecting = new(1);
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;
    private bool _disposed;

    /// <summary>A broker whose duties begin with <see cref="StartAsync"/>; all else works at once.</summary>
    /// <param name="store">Where the jobs are.</param>
    /// <param name="targets">Finds the servers that commands run on; null leaves <see cref="Lease.Target"/> empty.</param>
    /// <param name="options">How it works.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs to.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public Broker(IJobStore store, ITargetResolver? targets, BrokerOptions options, TimeProvider time, ILoggerFactory logs)
    {
        options.Validate();
        (_store, _targets, _options, Time) = (store, targets, options, time);
        _log = logs.CreateLogger<Broker>();
        _events = new(time);
        _nodeWorkers = new(store as ISharedStore, _workers, _events, time, _log);
        _paces = new(time);
        _metrics = new(LatestQueues);
        _announcer = new(_events, _waiters, _workers, _paces, _metrics, time);
        _resolution = new(targets, _log);
        _fence = new(store);
        _promote = new(store, _announcer, options, time, _log);
        _expire = new(store, _announcer, options, time, _log);
        _follow = new(store, _announcer, time, _log);
        _rates = new(store, time);
        _rateDuty = new(_rates, _waiters, time, _log);
        _unique = new(store, _announcer, time, AcceptAsync);
        _announcer.Waits = _promote.DueIn;
        _announcer.StatusChanged = _follow.Changed;
        var inbox = store is IInboxStore withInbox ? new InboxDuty(withInbox, EnqueueAsync, time, _log) : null;
        if (store is ISharedStore shared)
        {
            shared.Join(new SharedNews(_events, _waiters, _workers, _nodeWorkers, _announcer, _follow, _expire, inbox));
            _events.TellTo(e => shared.Tell(e));
        }

        _duties =
        [
            _promote,
            _expire,
            _follow,
            _rateDuty,
            new RetainDuty(store, options, time, _log),
            new SilentWorkersDuty(this, _workers, _paces, options, time, _log),
            new ClockWatch(() => _promote.DueIn(TimeSpan.Zero), options, time, _log),
        ];
        if (store is ISharedStore)
            _duties = [.. _duties, new WorkersDuty(_nodeWorkers, time, _log)];
        if (inbox is not null)
            _duties = [.. _duties, inbox];
    }

    /// <inheritdoc/>
    public IEventFeed Events => _events;

    internal TimeProvider Time { get; }

    /// <summary>Begins the background duties.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_stop is not null)
            return Task.CompletedTask;
        _stop = new();
        _running = Task.WhenAll(_duties.Select(duty => Task.Run(() => duty.RunAsync(_stop.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    /// <summary>Ends the background duties. Workers should have been stopped before.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_stop is null)
            return;
        await _stop.CancelAsync();
        await _running.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask PublishAsync(EventKind kind, string serverId, CancellationToken cancel = default)
    {
        _events.Publish(kind, serverId);
        return ValueTask.CompletedTask;
    }

    /// <summary>Stops, ends every session and every reader's stream of events.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await StopAsync(CancellationToken.None);
        foreach (var session in _workers.Sessions)
            session.End();
        _events.Dispose();
        _metrics.Dispose();
        foreach (var duty in _duties)
            duty.Dispose();
        _rates.Dispose();
        _nodeWorkers.Dispose();
        _connecting.Dispose();
        _stop?.Dispose();
    }

    /// <summary>Does now what is due (makes jobs ready, ends lost leases, frees jobs that waited for others), for those who do not start the duties.</summary>
    internal async Task RunDutiesAsync(CancellationToken cancel = default)
    {
        await _expire.ExpireAsync(cancel);
        await _follow.RunOnceAsync(cancel);
        await _promote.PromoteAsync(cancel);
        await _rateDuty.RunOnceAsync(cancel);
    }
}
