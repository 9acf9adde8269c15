using Drover.Storage;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Drover.Redis.Engine;

/// <summary>What is checked before the first job: the data's version, and whether the server keeps what it acknowledges.</summary>
internal static class ServerCheck
{
    private const int Version = 2;
    private const int UpgradeAtOnce = 200;
    private static readonly string UpgradeScript = Link.Script("upgrade");

    public static async Task RunAsync(Link link, ILogger log)
    {
        await link.CallAsync(db => db.StringSetAsync(link.Key("schema"), Version, when: When.NotExists), default);
        long found = (long)await link.CallAsync(db => db.StringGetAsync(link.Key("schema")), default);
        if (found > Version)
            throw new RedisConfigurationException($"The data under {link.Prefix} was written by a newer Drover (version {found}, this one knows {Version}): start that version.");
        await UpgradeAsync(link, log, found);
        foreach (var server in link.Connection.GetServers().Where(s => s.IsConnected && !s.IsReplica && s.ServerType != ServerType.Sentinel))
            await CheckAsync(server, log);
    }

    /// <summary>Moves the jobs some at a time; broken off, it goes on at the next start. Several nodes may do it at once.</summary>
    private static async Task UpgradeAsync(Link link, ILogger log, long found)
    {
        if (found < Version)
            Log.Upgrading(log, link.Prefix, Version);
        for (int moved = UpgradeAtOnce; moved == UpgradeAtOnce;)
        {
            moved = (int)await link.RunAsync(UpgradeScript, [UpgradeAtOnce, Version], default);
            if (moved < 0)
                throw new RedisConfigurationException($"Nodes of an older Drover use the data under {link.Prefix}, or did within the last 30 seconds: stop them first, then start this version.");
        }

        if (found < Version)
            await link.CallAsync(db => db.StringSetAsync(link.Key("schema"), Version), default);
    }

    private static async Task CheckAsync(IServer server, ILogger log)
    {
        string at = server.EndPoint.ToString()!;
        try
        {
            var settings = (await server.ConfigGetAsync("*")).ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
            string policy = settings.GetValueOrDefault("maxmemory-policy", "noeviction");
            if (policy.StartsWith("allkeys", StringComparison.Ordinal))
                throw new RedisConfigurationException($"Redis at {at} throws keys away when its memory is full (maxmemory-policy {policy}): jobs would be lost. Set maxmemory-policy noeviction.");
            if (policy != "noeviction")
                Log.MayEvict(log, at, policy);
            if (settings.GetValueOrDefault("appendonly") != "yes")
                Log.NotAppending(log, at);
            else if (settings.GetValueOrDefault("appendfsync") is { } flush && flush != "always")
                Log.NotFlushing(log, at, flush);
        }
        // Hosted servers often refuse CONFIG.
        catch (RedisServerException e)
        {
            Log.NotShown(log, at, e.Message);
        }
        catch (RedisException e)
        {
            throw new StoreUnavailableException("The Redis server does not answer.", e);
        }
    }
}
