using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Drover.Redis.Engine;

/// <summary>
/// Says every few seconds that this node lives. The first node after a time without any, and one whose connection was cut,
/// gives running jobs a fresh lease, so that an outage of the server does not lose the work that went on meanwhile.
/// </summary>
internal sealed class Presence : IAsyncDisposable
{
    private const int AliveSeconds = 30;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly string Open = Link.Script("open");
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<string, int> _limits = new(StringComparer.Ordinal);
    private readonly Link _link;
    private readonly SharedClock _clock;
    private readonly ILogger _log;
    private Task _loop = Task.CompletedTask;
    private byte[]? _workers;
    private int _cut;
    private int _disposed;

    private Presence(Link link, SharedClock clock, ILogger log) => (_link, _clock, _log) = (link, clock, log);

    public string Node { get; } = Guid.NewGuid().ToString("n");

    private RedisKey WorkersKey => _link.Key("workers:" + Node);

    private RedisKey LimitsKey => _link.Key("lim:" + Node);

    public static async ValueTask<Presence> StartAsync(Link link, SharedClock clock, ILogger log)
    {
        var presence = new Presence(link, clock, log);
        await presence.TellAsync(refresh: false, default);
        link.Connection.ConnectionRestored += (_, e) =>
        {
            if (e.ConnectionType == ConnectionType.Interactive)
                Interlocked.Exchange(ref presence._cut, 1);
        };
        presence._loop = presence.LoopAsync();
        return presence;
    }

    /// <summary>The limits as this node was told them; they go when it does.</summary>
    public async ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel)
    {
        await _link.CallAsync(async db =>
        {
            var gone = limits.Where(l => l.Value is null).Select(l => (RedisValue)l.Key).ToArray();
            var set = limits.Where(l => l.Value is not null).Select(l => new HashEntry(l.Key, l.Value!.Value)).ToArray();
            if (gone.Length > 0)
                await db.HashDeleteAsync(LimitsKey, gone);
            if (set.Length > 0)
                await db.HashSetAsync(LimitsKey, set);
            return true;
        }, cancel);
        lock (_limits)
        {
            foreach (var (key, limit) in limits)
            {
                if (limit is { } most)
                    _limits[key] = most;
                else
                    _limits.Remove(key);
            }
        }
    }

    /// <summary>Before leases are ended: after a cut they are refreshed first.</summary>
    public async ValueTask AfterCutAsync(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _cut, 0) == 0)
            return;
        try
        {
            await RestoreLimitsAsync(cancel);
            await TellAsync(refresh: true, cancel);
        }
        catch
        {
            Interlocked.Exchange(ref _cut, 1);
            throw;
        }
    }

    /// <summary>Leaves word of this node's workers under a key that goes by itself some time after the node did.</summary>
    public async ValueTask ShowWorkersAsync(byte[] workers, bool soon, CancellationToken cancel)
    {
        Volatile.Write(ref _workers, workers);
        if (soon)
            await StoreWorkersAsync(cancel);
    }

    public async ValueTask<IReadOnlyList<byte[]>> ListOtherWorkersAsync(CancellationToken cancel)
    {
        var others = (await AliveAsync(cancel)).Where(node => node != Node).Select(node => _link.Key("workers:" + node)).ToArray();
        if (others.Length == 0)
            return [];
        var found = await _link.CallAsync(db => db.StringGetAsync(others), cancel);
        return [.. found.Where(value => value.HasValue).Select(value => (byte[])value!)];
    }

    /// <summary>By the server's clock, as all that concerns the list of nodes.</summary>
    public async ValueTask<int> CountOthersAsync() => (await AliveAsync(default)).Count(node => node != Node);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _closing.CancelAsync();
        await _loop;
        try
        {
            await _link.Data.SortedSetRemoveAsync(_link.Key("nodes"), Node);
            await _link.Data.KeyDeleteAsync([LimitsKey, WorkersKey]);
        }
        catch (Exception e) when (e is RedisException or ObjectDisposedException)
        {
            Log.NotTold(_log, e);
        }

        _closing.Dispose();
    }

    private async ValueTask<string[]> AliveAsync(CancellationToken cancel) =>
        (string[])(await _link.RunAsync("return redis.call('ZRANGE', KEYS[1] .. ':nodes', '(' .. redis.call('TIME')[1], '+inf', 'BYSCORE')", [], cancel))!;

    private async ValueTask StoreWorkersAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref _workers) is { } workers)
            await _link.CallAsync(db => db.StringSetAsync(WorkersKey, workers, TimeSpan.FromSeconds(AliveSeconds)), cancel);
    }

    private async ValueTask TellAsync(bool refresh, CancellationToken cancel)
    {
        long refreshed = (long)await _link.RunAsync(Open, [Node, AliveSeconds, _clock.Steady.ToString(CultureInfo.InvariantCulture), refresh ? "1" : "0"], cancel);
        if (refreshed > 0)
            Log.LeasesRefreshed(_log, refreshed);
    }

    private async ValueTask RestoreLimitsAsync(CancellationToken cancel)
    {
        HashEntry[] all;
        lock (_limits)
            all = [.. _limits.Select(l => new HashEntry(l.Key, l.Value))];
        if (all.Length > 0)
            await _link.CallAsync(async db => { await db.HashSetAsync(LimitsKey, all); return true; }, cancel);
    }

    private async Task LoopAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Period, TimeProvider.System, _closing.Token);
                await _clock.AdjustAsync(_closing.Token);
                await AfterCutAsync(_closing.Token);
                await RestoreLimitsAsync(_closing.Token);
                await TellAsync(refresh: false, _closing.Token);
                await StoreWorkersAsync(_closing.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (Storage.StoreUnavailableException e)
            {
                Log.NotTold(_log, e);
            }
        }
    }
}
