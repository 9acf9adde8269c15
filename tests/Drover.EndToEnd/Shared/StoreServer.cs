using Drover.StoreTests.Postgres;
using Drover.StoreTests.Redis;

namespace Drover.EndToEnd.Shared;

/// <summary>A server that keeps jobs for several nodes.</summary>
/// <param name="server">What ends with it.</param>
/// <param name="url">Its address as users give it.</param>
/// <param name="port">Its port on the loopback address.</param>
public sealed class StoreServer(IAsyncDisposable server, string url, int port) : IAsyncDisposable
{
    public string Url => url;

    public int Port => port;

    /// <summary>The address by way of a proxy.</summary>
    public string Through(int proxyPort) => url.Replace($":{port}", $":{proxyPort}", StringComparison.Ordinal);

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

public sealed class RedisSharedTests(ITestOutputHelper output) : SharedStoreTests(output)
{
    protected override async Task<StoreServer> StartServerAsync()
    {
        var server = await RedisServer.StartAsync("--appendfsync", "always");
        return new(server, server.Url, server.Port);
    }
}

public sealed class PostgresSharedTests(ITestOutputHelper output) : SharedStoreTests(output)
{
    protected override async Task<StoreServer> StartServerAsync()
    {
        var server = new PostgresServer();
        string url = await server.UrlAsync();
        return new(server, url, new Uri(url).Port);
    }
}
