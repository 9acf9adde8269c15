using Drover.Brokers;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Support;

/// <summary>The broker on a store. Its background duties are not started: the test says when they run.</summary>
public sealed class BrokerSystem(StoreHome home) : TestSystem(home)
{
    private Broker? _broker;

    public override IBroker Broker => _broker!;

    public override Task RunDutiesAsync() => _broker!.RunDutiesAsync();

    public override ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(IWorkerSession session, WorkerDescription worker, int max) =>
        ((WorkerSession)session).TryLeaseAsync(max);

    protected override Task StartAsync()
    {
        _broker = new(Store.Jobs, null, new() { LeaseDuration = Make.LeaseDuration }, Clock, NullLoggerFactory.Instance);
        return Task.CompletedTask;
    }

    protected override async Task StopAsync() => await _broker!.DisposeAsync();
}
