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
    private readonly Link _link;
    private readonly Presence _presence;

    private RedisDatabase(Link link, Presence presence, RedisJobStore jobs, RedisCatalog catalog)
    {
        (_link, _presence) = (link, presence);
        (Jobs, Catalog, Audit) = (jobs, catalog, catalog);
    }

    /// <summary>The jobs.</summary>
    public IJobStore Jobs { get; }

    /// <summary>The catalog.</summary>
    public ICatalog Catalog { get; }

    /// <summary>The audit log.</summary>
    public IAuditLog Audit { get; }

    /// <summary>Connects, and checks that the server is fit to keep jobs.</summary>
    /// <exception cref="RedisConfigurationException">The connection string or the server's configuration is not fit, or a newer Drover wrote the data.</exception>
    /// <exception cref="StoreUnavailableException">The server does not answer.</exception>
    public static async ValueTask<RedisDatabase> OpenAsync(RedisOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var log = logs.CreateLogger<RedisDatabase>();
        var link = await Link.ConnectAsync(options, log);
        try
        {
            await ServerCheck.RunAsync(link, log);
            var clock = await SharedClock.StartAsync(link, time);
            var presence = await Presence.StartAsync(link, clock, time, log);
            return new(link, presence, new(link, clock, presence, options.Queues, time), new(link, time));
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the node off the list of those alive and disconnects. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        await _presence.DisposeAsync();
        await _link.DisposeAsync();
    }
}
