using Drover.Brokers;
using Drover.NetQueue;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.NetQueue;

/// <summary>A store whose catalog is reached through a queue server, as an API server in a process of its own reaches it.</summary>
public sealed class NetQueueHome(StoreHome inner) : StoreHome
{
    public override async ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time)
    {
        var store = await inner.OpenAsync(options, time);
        string secret = Guid.NewGuid().ToString();
        var broker = new Broker(store.Jobs, null, new(), time, NullLoggerFactory.Instance);
        var server = new NetQueueServer(
            broker, new() { Listen = new(System.Net.IPAddress.Loopback, 0), Tokens = [NetQueueToken.Of("test", NetQueueRoles.Admin, secret)] },
            TimeProvider.System, NullLoggerFactory.Instance, new(store.Catalog, store.Audit));
        await server.StartAsync(CancellationToken.None);
        var client = new NetQueueBroker(new() { Host = "127.0.0.1", Port = server.Endpoint.Port, Token = secret }, TimeProvider.System, NullLoggerFactory.Instance);
        return new(store.Jobs, client.Catalog.Catalog, client.Catalog.Audit, async () =>
        {
            await client.DisposeAsync();
            await server.DisposeAsync();
            await broker.DisposeAsync();
            await store.CloseAsync();
        });
    }

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
