using Drover.Brokers;
using Drover.NetQueue;
using Drover.NetQueue.Client;
using Drover.Storage;
using Drover.StoreTests.Support;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.NetQueue;

/// <summary>A broker on a store, behind a queue server and a client of it on a real socket.</summary>
public sealed class NetQueueSystem(StoreHome home) : TestSystem(home)
{
    // Its own: a client of another test that lost its server may try a port which is ours by now.
    private readonly string _secret = Guid.NewGuid().ToString();
    private Broker? _served;
    private NetQueueServer? _server;
    private NetQueueBroker? _client;

    public override IBroker Broker => _client!;

    public override Task RunDutiesAsync() => _served!.RunDutiesAsync();

    public override ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(IWorkerSession session, WorkerDescription worker, int max) =>
        ((NetQueueSession)session).TryLeaseAsync(max);

    protected override async Task StartAsync()
    {
        _served = new(Store.Jobs, null, new() { LeaseDuration = Make.LeaseDuration }, Clock, NullLoggerFactory.Instance);
        _server = new(
            _served, new() { Listen = new(System.Net.IPAddress.Loopback, 0), Tokens = [NetQueueToken.Of("test", NetQueueRoles.Admin, _secret)] },
            TimeProvider.System, NullLoggerFactory.Instance);
        await _server.StartAsync(CancellationToken.None);
        _client = new(new() { Host = "127.0.0.1", Port = _server.Endpoint.Port, Token = _secret }, TimeProvider.System, NullLoggerFactory.Instance);
        // The feed knows where the server stands once it has heard of it.
        await _client.PingAsync();
    }

    protected override async Task StopAsync()
    {
        await _client!.DisposeAsync();
        await _server!.DisposeAsync();
        await _served!.DisposeAsync();
    }
}
