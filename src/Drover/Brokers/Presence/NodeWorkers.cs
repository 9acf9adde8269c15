using Drover.Events;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Presence;

/// <summary>
/// The workers of all nodes on a shared store. Each node leaves word in the store of those connected to it, which holds as long as the
/// node lives; whoever asks reads what all have left. On a store of one process there are none but its own.
/// </summary>
internal sealed class NodeWorkers(ISharedStore? store, WorkerRegistry workers, EventFeed events, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly SemaphoreSlim _telling = new(1);
    private readonly Lock _gate = new();
    private IReadOnlyList<WorkerInfo> _others = [];
    private byte[] _told = [];
    private byte[] _toldShape = [];
    private Task _last = Task.CompletedTask;

    /// <summary>The workers of all nodes, by name. One that has just moved from node to node is shown where it is now.</summary>
    public async ValueTask<IReadOnlyList<WorkerInfo>> ListAsync(CancellationToken cancel)
    {
        var mine = workers.List();
        if (store is null)
            return mine;
        var others = await OthersAsync(cancel);
        return others.Count == 0 ? mine : [
            .. Latest(mine.Concat(others)).OrderBy(w => w.Description.Id, StringComparer.Ordinal)];
    }

    /// <summary>An event about a worker of this node: first the store hears what is so now, so that whoever is woken by it sees that.</summary>
    public void Say(EventKind kind, string worker)
    {
        if (store is null)
        {
            events.Publish(kind, worker);
            return;
        }

        lock (_gate)
            _last = SayAfterAsync(_last);

        async Task SayAfterAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await TryTellAsync();
            events.Publish(kind, worker);
        }
    }

    /// <summary>Leaves word of the workers if anything about them is new; mere heartbeats go with the node's next sign of life.</summary>
    public async ValueTask TellAsync(CancellationToken cancel)
    {
        if (store is null)
            return;
        await _telling.WaitAsync(cancel);
        try
        {
            var now = workers.List();
            byte[] bytes = WorkerBytes.Write(now);
            if (bytes.AsSpan().SequenceEqual(_told))
                return;
            byte[] shape = WorkerBytes.Write([.. now.Select(w => w with { LastHeartbeat = default })]);
            await store.ShowWorkersAsync(bytes, soon: !shape.AsSpan().SequenceEqual(_toldShape), cancel);
            (_told, _toldShape) = (bytes, shape);
        }
        finally
        {
            _telling.Release();
        }
    }

    /// <summary>Asks the node to which a worker is connected to drain it, until that is seen; false when none has it.</summary>
    /// <exception cref="StoreUnavailableException">The node does not answer.</exception>
    public async ValueTask<bool> DrainAsync(string worker, CancellationToken cancel)
    {
        if (store is null || await FindAsync() is not { } there)
            return false;
        if (there.Draining)
            return true;
        var asked = new BrokerEvent(0, time.GetUtcNow(), EventKind.WorkerDraining, Subject: worker);
        events.Publish(EventKind.WorkerDraining, worker);
        long began = time.GetTimestamp();
        for (int n = 1; time.GetElapsedTime(began) < Patience; n++)
        {
            await Task.Delay(Pause, time, cancel);
            // With nothing in hand it is gone a moment later.
            if (await FindAsync() is not { Draining: false })
                return true;
            // News may be lost.
            if (n % 10 == 0)
                store.Tell(asked);
        }

        throw new StoreUnavailableException($"The node to which the worker '{worker}' is connected does not answer.");

        async ValueTask<WorkerInfo?> FindAsync() => (await OthersAsync(cancel)).FirstOrDefault(w => w.Description.Id == worker);
    }

    /// <summary>Another node asks to drain a worker.</summary>
    public void Asked(string worker)
    {
        if (workers.Find(worker) is not { Draining: false } session)
            return;
        session.Drain();
        lock (_gate)
            _last = TellAfterAsync(_last);

        async Task TellAfterAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await TryTellAsync();
        }
    }

    public void Dispose() => _telling.Dispose();

    /// <summary>As they are now; when the store is away, as they were last.</summary>
    private async ValueTask<IReadOnlyList<WorkerInfo>> OthersAsync(CancellationToken cancel)
    {
        try
        {
            var latest = (await store!.ListOtherWorkersAsync(cancel)).SelectMany(bytes => WorkerBytes.Read(bytes));
            return _others = [.. Latest(latest)];
        }
        catch (StoreUnavailableException)
        {
            return _others;
        }
    }

    private static IEnumerable<WorkerInfo> Latest(IEnumerable<WorkerInfo> all) => all.OrderByDescending(w => w.ConnectedAt).DistinctBy(w => w.Description.Id);

    private async Task TryTellAsync()
    {
        try
        {
            await TellAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is StoreUnavailableException or ObjectDisposedException)
        {
            // The next sign of life tells it.
            log.WorkersNotTold(e.Message);
        }
    }
}
