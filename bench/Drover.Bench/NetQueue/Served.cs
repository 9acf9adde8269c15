using System.Net;
using Drover.Brokers;
using Drover.NetQueue;
using Drover.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.NetQueue;

/// <summary>A queue server on the embedded store, in a folder of its own.</summary>
internal sealed class Served : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("drover-bench-").FullName;
    private SqliteDatabase _database = null!;
    private NetQueueServer _server = null!;

    public Broker Broker { get; private set; } = null!;

    public int Port => _server.Endpoint.Port;

    public static async Task<Served> OpenAsync(Durability durability, int port = 0)
    {
        var served = new Served();
        served._database = await SqliteDatabase.OpenAsync(new() { Directory = served._folder, Durability = durability }, TimeProvider.System, NullLoggerFactory.Instance);
        served.Broker = new(served._database.Jobs, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await served.Broker.StartAsync();
        served._server = new(served.Broker, new() { Listen = new(IPAddress.Loopback, port), AllowAnonymous = true }, TimeProvider.System, NullLoggerFactory.Instance);
        await served._server.StartAsync(CancellationToken.None);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Broker.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
