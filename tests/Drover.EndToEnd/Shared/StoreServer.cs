using Drover.StoreTests.Postgres;
using Drover.StoreTests.Redis;

namespace Drover.EndToEnd.Shared;

/// <summary>A server that keeps jobs for several nodes.</summary>
/// <param name="url">Its address as users give it.</param>
/// <param name="port">Its port on the loopback address.</param>
public abstract class StoreServer(string url, int port) : IAsyncDisposable
{
    public string Url => url;

    public int Port => port;

    /// <summary>Whether it has ended by itself: a full disk does that.</summary>
    public abstract bool HasEnded { get; }

    /// <summary>The address by way of a proxy.</summary>
    public string Through(int proxyPort) => url.Replace($":{port}", $":{proxyPort}", StringComparison.Ordinal);

    /// <summary>Ends it as a crash would.</summary>
    public abstract Task CrashAsync();

    /// <summary>Starts it again on what it had written.</summary>
    public abstract Task StartAgainAsync();

    public abstract ValueTask DisposeAsync();
}

internal sealed class SharedRedis(RedisServer server) : StoreServer(server.Url, server.Port)
{
    public override bool HasEnded => server.HasEnded;

    public override Task CrashAsync() => server.KillAsync();

    public override Task StartAgainAsync() => server.RunAsync();

    public override ValueTask DisposeAsync() => server.DisposeAsync();
}

internal sealed class SharedPostgres(PostgresServer server, string url) : StoreServer(url, new Uri(url).Port)
{
    public override bool HasEnded => server.HasEnded;

    public override Task CrashAsync() => server.CrashAsync();

    public override Task StartAgainAsync() => server.RestartAsync();

    public override ValueTask DisposeAsync() => server.DisposeAsync();
}

public sealed class RedisSharedTests(ITestOutputHelper output) : SharedStoreTests(output)
{
    protected override async Task<StoreServer> StartServerAsync(string? parent) => new SharedRedis(await RedisServer.StartInAsync(parent, "--appendfsync", "always"));
}

public sealed class PostgresSharedTests(ITestOutputHelper output) : SharedStoreTests(output)
{
    protected override async Task<StoreServer> StartServerAsync(string? parent)
    {
        var server = PostgresServer.In(parent ?? Path.GetTempPath());
        return new SharedPostgres(server, await server.UrlAsync());
    }
}
