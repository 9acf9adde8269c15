using Drover.Brokers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.StoreTests.Support;

/// <summary>
/// What the job tests drive: a broker on a clean store, its clock, and the means to restart it and to run its
/// background duties at a moment of the test's choosing.
/// </summary>
public abstract class TestSystem(StoreHome home) : IAsyncDisposable
{
    public TestClock Clock { get; } = new();

    public abstract IBroker Broker { get; }

    protected OpenStore Store { get; private set; } = null!;

    protected QueueOptions Options { get; private set; } = new();

    public async Task OpenAsync(QueueOptions options)
    {
        Options = options;
        Store = await home.OpenAsync(options, Clock);
        await StartAsync();
    }

    /// <summary>Stops everything and opens it again on what is durable.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await Store.CloseAsync();
        await OpenAsync(Options);
    }

    /// <summary>Runs the background duties that are due now (promotion, lost leases) to their end.</summary>
    public abstract Task RunDutiesAsync();

    /// <summary>Leases what is ready now, without waiting; empty when nothing is.</summary>
    public abstract ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(IWorkerSession session, WorkerDescription worker, int max);

    /// <summary>Adds to a worker's description what <see cref="TryLeaseAsync"/> needs.</summary>
    public virtual WorkerDescription Prepare(WorkerDescription worker) => worker;

    public async ValueTask DisposeAsync()
    {
        if (Store is not null)
        {
            await StopAsync();
            await Store.CloseAsync();
        }

        await home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task StartAsync();

    protected abstract Task StopAsync();
}
