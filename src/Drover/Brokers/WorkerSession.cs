using System.Threading.Channels;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Brokers;

/// <summary>A connected worker. The store's fencing tokens guard every write, so a session that has ended may still finish what it holds.</summary>
internal sealed class WorkerSession : IWorkerSession
{
    private readonly Broker _broker;
    private readonly LeaseWaiters _waiters;
    private readonly Channel<WorkerSignal> _signals;
    private readonly DateTimeOffset _connectedAt;
    private LeaseRequest _request;
    private long _lastActive;
    private int _ended;
    private long _emptyAt = -1;

    public WorkerSession(Broker broker, LeaseWaiters waiters, WorkerDescription worker, TimeSpan leaseDuration)
    {
        _broker = broker;
        _waiters = waiters;
        Worker = worker;
        Class = waiters.Join(worker);
        // A signal that finds no room is no loss: the next renewal carries the cancel as well.
        _signals = Channel.CreateBounded<WorkerSignal>(new BoundedChannelOptions(Math.Max(1024, worker.Slots)) { FullMode = BoundedChannelFullMode.DropWrite });
        _connectedAt = broker.Time.GetUtcNow();
        _request = new()
        {
            WorkerId = worker.Id,
            InstanceId = worker.InstanceId,
            Max = 1,
            Duration = leaseDuration,
            Queues = worker.Queues,
            Capabilities = worker.Capabilities,
        };
        Touch();
    }

    public WorkerDescription Worker { get; }

    public WorkerClass Class { get; }

    public HeldLeases Held { get; } = new();

    public bool Draining { get; private set; }

    /// <summary>Whether it draws no more jobs, because it drains or has ended.</summary>
    public bool TakesNoMore => Draining || Volatile.Read(ref _ended) != 0;

    public TimeSpan Silence => _broker.Time.GetElapsedTime(Volatile.Read(ref _lastActive));

    public ChannelReader<WorkerSignal> Signals => _signals.Reader;

    public async ValueTask<IReadOnlyList<Lease>> LeaseAsync(int max, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        while (!TakesNoMore)
        {
            cancel.ThrowIfCancellationRequested();
            long version = _waiters.VersionOf(Class);
            Touch();
            // Where nothing has become ready since there were no more, there are none.
            if (version != _emptyAt)
            {
                var (leases, all) = await LookAsync(max);
                _emptyAt = all ? version : -1;
                if (leases.Count > 0)
                    return leases;
            }

            await _waiters.WaitAsync(this, Class, max, version, cancel);
        }

        return [];
    }

    /// <summary>Leases what is ready now. The call cannot be canceled: leases that nobody receives would be lost.</summary>
    public async ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(int max) => (await LookAsync(max)).Leases;

    private ValueTask<(IReadOnlyList<Lease> Leases, bool All)> LookAsync(int max)
    {
        Touch();
        if (_request.Max != max)
            _request = _request with { Max = max };
        return _broker.LeaseAsync(this, _request);
    }

    public ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, CancellationToken cancel = default)
    {
        Touch();
        return leases.Count == 0 ? new([]) : _broker.RenewAsync(this, leases, cancel);
    }

    public ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default)
    {
        Touch();
        return _broker.AppendOutputAsync(this, lease, entries, trim, cancel);
    }

    public ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default)
    {
        Touch();
        return _broker.FinishAsync(this, finishes, cancel);
    }

    public ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel = default)
    {
        Touch();
        return _broker.PinHostKeyAsync(serverId, shown, cancel);
    }

    public void Signal(WorkerSignal signal) => _signals.Writer.TryWrite(signal);

    public void Drain()
    {
        Draining = true;
        Signal(new(WorkerSignalKind.Drain));
        _waiters.Release(this, Class);
    }

    /// <summary>Ends the session; its waiting calls return empty-handed.</summary>
    /// <param name="why">What the worker is told when it should not come back; else null.</param>
    public void End(Exception? why = null)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _waiters.Leave(this, Class);
        _signals.Writer.TryComplete(why);
    }

    public WorkerInfo Describe() =>
        new(Worker, _connectedAt, _broker.Time.GetUtcNow() - Silence, Draining, Held.List());

    public ValueTask DisposeAsync()
    {
        _broker.SayGoodbye(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The worker was heard of.</summary>
    public void Touch() => Volatile.Write(ref _lastActive, _broker.Time.GetTimestamp());
}
