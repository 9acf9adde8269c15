using System.Net;
using Drover.Brokers;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.StoreTests.Support;
using Drover.Testing;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.NetQueue;

/// <summary>A queue server on a store in memory, a proxy before it, and clients of it.</summary>
public sealed class NetQueueHouse : IAsyncDisposable
{
    public const string Secret = "secret";

    private readonly InMemoryJobStore _store;
    private readonly List<IAsyncDisposable> _clients = [];

    private NetQueueHouse(NetQueueServerOptions options, TimeProvider? serverTime)
    {
        _store = new(Clock);
        Served = new(_store, null, new() { LeaseDuration = Make.LeaseDuration }, Clock, NullLoggerFactory.Instance);
        Server = new(Served, options, serverTime ?? TimeProvider.System, NullLoggerFactory.Instance);
    }

    /// <summary>The broker's clock, which stands still unless the test moves it: no lease runs out by chance.</summary>
    public TestClock Clock { get; } = new();

    public Broker Served { get; }

    public NetQueueServer Server { get; }

    public FaultyProxy Proxy { get; private set; } = null!;

    public static NetQueueServerOptions Options { get; } = new()
    {
        Listen = new(IPAddress.Loopback, 0),
        Tokens =
        [
            NetQueueToken.Of("admin", NetQueueRoles.Admin, Secret),
            NetQueueToken.Of("producer", NetQueueRoles.Producer, "producer-secret"),
            NetQueueToken.Of("worker", NetQueueRoles.Worker, "worker-secret"),
        ],
        DeniedDelay = TimeSpan.Zero,
    };

    public static async Task<NetQueueHouse> OpenAsync(NetQueueServerOptions? options = null, TimeProvider? serverTime = null)
    {
        var house = new NetQueueHouse(options ?? Options, serverTime);
        await house.Server.StartAsync(CancellationToken.None);
        house.Proxy = new(house.Server.Endpoint.Port);
        return house;
    }

    /// <summary>A client, through the proxy or not.</summary>
    public NetQueueBroker Client(bool proxied = false, string token = Secret, Func<NetQueueClientOptions, NetQueueClientOptions>? change = null)
    {
        var options = new NetQueueClientOptions
        {
            Host = "127.0.0.1",
            Port = proxied ? Proxy.Port : Server.Endpoint.Port,
            Token = token,
            MinBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(20),
        };
        var client = new NetQueueBroker(change?.Invoke(options) ?? options, TimeProvider.System, NullLoggerFactory.Instance);
        _clients.Add(client);
        return client;
    }

    public static WorkerDescription Worker(string id = "w-1", Guid? instance = null, bool shell = false) => new()
    {
        Id = id,
        InstanceId = instance ?? Guid.NewGuid(),
        Host = "host",
        ProcessId = 1,
        Version = "1",
        Slots = 100,
        Queues = [new("*")],
        Capabilities = new(shell, new HashSet<string> { "echo" }, new HashSet<string>()),
    };

    public async Task<Job> ReadAsync(Guid id) => Assert.IsType<Job>(Assert.Single(await Served.GetAsync([id])));

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TestWorker.Patience;
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, "It did not come about in time.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    public static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        await Proxy.DisposeAsync();
        await Server.DisposeAsync();
        await Served.DisposeAsync();
        await _store.DisposeAsync();
    }
}
