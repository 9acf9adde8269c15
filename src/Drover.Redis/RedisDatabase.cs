using Drover.Catalog;
using Drover.Redis.Catalog;
using Drover.Redis.Engine;
using Drover.Redis.Jobs;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Redis;

/// <summary>The store in Redis: jobs, output, catalog and audit log under one prefix. Any number of nodes share it.</summary>
public sealed class RedisDatabase : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _parts;

    private readonly Presence _presence;

    private RedisDatabase(Stack<IAsyncDisposable> parts, Presence presence, RedisJobStore jobs, RedisCatalog catalog)
    {
        (_parts, _presence) = (parts, presence);
        (Jobs, Catalog, Audit) = (jobs, catalog, catalog);
    }

    /// <summary>The jobs.</summary>
    public IJobStore Jobs { get; }

    /// <summary>The catalog.</summary>
    public ICatalog Catalog { get; }

    /// <summary>The audit log.</summary>
    public IAuditLog Audit { get; }

    /// <summary>How many other nodes use this store, or did within the last 30 seconds without saying goodbye.</summary>
    /// <exception cref="StoreUnavailableException">The server does not answer.</exception>
    public ValueTask<int> CountOtherNodesAsync() => _presence.CountOthersAsync();

    /// <summary>Connects, and checks that the server is fit to keep jobs.</summary>
    /// <exception cref="RedisConfigurationException">The connection string or the server's configuration is not fit, or a newer Drover wrote the data.</exception>
    /// <exception cref="StoreUnavailableException">The server does not answer.</exception>
    public static async ValueTask<RedisDatabase> OpenAsync(RedisOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var log = logs.CreateLogger<RedisDatabase>();
        var parts = new Stack<IAsyncDisposable>();
        try
        {
            var link = Own(await Link.ConnectAsync(options, log));
            await ServerCheck.RunAsync(link, log);
            var clock = await SharedClock.StartAsync(link, time);
            var presence = Own(await Presence.StartAsync(link, clock, log));
            var leadership = Own(await Leadership.StartAsync(link, presence.Node, log));
            var news = Own(await News.StartAsync(link, presence.Node, log));
            leadership.Began = news.Lead;
            return new(parts, presence, new(link, clock, presence, leadership, news, options.Queues, time), new(link, time));
        }
        catch
        {
            await CloseAsync(parts);
            throw;
        }

        T Own<T>(T part)
            where T : IAsyncDisposable
        {
            parts.Push(part);
            return part;
        }
    }

    /// <summary>Takes the node off the list of those alive and disconnects. A second call does nothing.</summary>
    public ValueTask DisposeAsync() => CloseAsync(_parts);

    private static async ValueTask CloseAsync(Stack<IAsyncDisposable> parts)
    {
        while (parts.TryPop(out var part))
            await part.DisposeAsync();
    }
}
