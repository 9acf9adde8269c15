using Drover.Brokers;
using Drover.Jobs;
using Drover.NetQueue.Protocol;
using Drover.Storage;
using Drover.Workers;

namespace Drover.NetQueue.Server;

/// <summary>A worker's place at the broker. It outlives a connection: a worker that comes back in time finds all as it was.</summary>
internal sealed class WorkerSeat(WorkerDescription worker, IWorkerSession session) : IDisposable
{
    private const int MaxSignals = 10_000;

    private readonly Lock _gate = new();
    private readonly Queue<WorkerSignal> _undelivered = new();
    private readonly HashSet<LeaseToken> _forgotten = [];
    private ServerConnection? _connection;
    private uint _leaseId;
    private Task<IReadOnlyList<Lease>>? _lease;
    private CancellationTokenSource? _leaseCancel;
    private bool _withdrawn;
    private bool _told = true;

    public string WorkerId { get; } = worker.Id;

    public Guid InstanceId { get; } = worker.InstanceId;

    public IWorkerSession Session { get; } = session;

    /// <summary>Runs out when a worker that is away is not back in time; null while it is there.</summary>
    public ITimer? Hold { get; set; }

    /// <summary>The connection the worker is on; null while it is away.</summary>
    public ServerConnection? Connection
    {
        get
        {
            lock (_gate)
                return _connection;
        }
    }

    /// <summary>Puts the worker on a connection; answers the one it was on.</summary>
    public ServerConnection? MoveTo(ServerConnection? connection)
    {
        ServerConnection? before;
        CancellationTokenSource? cancel = null;
        lock (_gate)
        {
            before = _connection;
            _connection = connection;
            // Nothing may be leased for a worker that is away.
            if (connection is null && _lease is { IsCompleted: false })
                cancel = _leaseCancel;
        }

        cancel?.Cancel();
        return before;
    }

    /// <summary>
    /// Leases as the session does. Asked again under the same id it gives the same answer, or goes on waiting. Null when
    /// the worker went away meanwhile, an empty list when the request was withdrawn.
    /// </summary>
    public async Task<IReadOnlyList<Lease>?> LeaseAsync(uint id, int max, ServerConnection connection)
    {
        while (true)
        {
            var lease = Begin(id, max);
            try
            {
                return Told(connection, await lease.ConfigureAwait(false));
            }
            catch (OperationCanceledException) when (lease.IsCanceled)
            {
                lock (_gate)
                {
                    if (_withdrawn && _leaseId == id)
                        return [];
                    if (_connection != connection)
                        return null;
                }
            }
        }
    }

    /// <summary>
    /// Leases that the worker holds and the store knows nothing of. Should their numbers be given out again, and to this very
    /// worker, it could not tell the two apart: such a lease goes back, which uses the number up.
    /// </summary>
    public void Forget(IEnumerable<LeaseToken> leases) => _forgotten.UnionWith(leases);

    /// <summary>Ends a lease request; it is answered with what it has got, usually nothing.</summary>
    public void Withdraw(uint id)
    {
        CancellationTokenSource? cancel;
        lock (_gate)
        {
            if (_leaseId != id || _lease is null or { IsCompleted: true })
                return;
            _withdrawn = true;
            cancel = _leaseCancel;
        }

        cancel?.Cancel();
    }

    /// <summary>The leases that surely never reached the worker, because nothing was written to it since.</summary>
    public IReadOnlyList<Lease> Untold()
    {
        lock (_gate)
            return !_told && _lease is { IsCompletedSuccessfully: true } ? _lease.Result : [];
    }

    /// <summary>Passes the session's signals on until it ends; keeps those that come while the worker is away.</summary>
    public async Task PumpSignalsAsync()
    {
        await foreach (var signal in Session.Signals.ReadAllAsync().ConfigureAwait(false))
        {
            lock (_gate)
            {
                // A cancel that falls out here is told with the next renewal.
                if (_undelivered.Count == MaxSignals)
                    _undelivered.Dequeue();
                _undelivered.Enqueue(signal);
            }

            DeliverSignals();
        }
    }

    public void DeliverSignals()
    {
        lock (_gate)
        {
            while (_connection is not null && _undelivered.TryDequeue(out var signal))
                _connection.Signal(signal);
        }
    }

    public void Dispose()
    {
        Hold?.Dispose();
        _leaseCancel?.Dispose();
    }

    private Task<IReadOnlyList<Lease>> Begin(uint id, int max)
    {
        lock (_gate)
        {
            if (_lease is { IsCompleted: false })
                return _leaseId == id ? _lease : throw new ProtocolException(ErrorCode.BadRequest, "A lease request waits already; withdraw it first.");
            if (_lease is { IsCompletedSuccessfully: true } && _leaseId == id && !_withdrawn)
                return _lease;
            _leaseCancel?.Dispose();
            _leaseCancel = new();
            _leaseId = id;
            _withdrawn = false;
            _told = false;
            return _lease = LeaseAnewAsync(max, _leaseCancel.Token);
        }
    }

    private async Task<IReadOnlyList<Lease>> LeaseAnewAsync(int max, CancellationToken cancel)
    {
        while (true)
        {
            var leases = await Session.LeaseAsync(max, cancel).ConfigureAwait(false);
            if (_forgotten.Count == 0 || !leases.Any(lease => _forgotten.Contains(lease.Token)))
                return leases;
            var back = leases.Where(lease => _forgotten.Remove(lease.Token)).Select(lease => lease.Token).ToHashSet();
            await Session.FinishAsync([.. back.Select(token => new FinishRequest(token, new() { Kind = OutcomeKind.HandedBack }))], CancellationToken.None).ConfigureAwait(false);
            if (leases.Count > back.Count)
                return [.. leases.Where(lease => !back.Contains(lease.Token))];
        }
    }

    private IReadOnlyList<Lease>? Told(ServerConnection connection, IReadOnlyList<Lease> leases)
    {
        lock (_gate)
        {
            if (_connection != connection)
                return null;
            _told = true;
            return leases;
        }
    }
}
