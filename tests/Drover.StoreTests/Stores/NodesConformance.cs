using Drover.Brokers;
using Drover.Events;
using Drover.Storage;
using Drover.StoreTests.Support;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Stores;

/// <summary>What brokers on several nodes of one shared store know of each other's workers.</summary>
public abstract class NodesConformance
{
    /// <summary>Another node on the store of this test.</summary>
    protected abstract Task<(IJobStore Jobs, IAsyncDisposable Owner)> OpenAsync();

    [Fact]
    public async Task Every_node_shows_and_counts_the_workers_of_all()
    {
        await using var one = await NodeAsync();
        await using var two = await NodeAsync();
        await using var here = await one.Broker.ConnectAsync(Worker("w-1"));
        await using var there = await two.Broker.ConnectAsync(Worker("w-2") with { Slots = 7, Queues = [new("reports", 3), new("*")] });
        await one.Broker.EnqueueAsync(new([Make.Task(), Make.Task() with { Queue = "reports" }]));
        var leases = await there.LeaseAsync(5).AsTask().WaitAsync(TestWorker.Patience, TimeProvider.System);

        foreach (var broker in new[] { one.Broker, two.Broker })
        {
            await UntilAsync(async () => (await broker.ListWorkersAsync()).Sum(w => w.Jobs.Count) == leases.Count);
            var workers = await broker.ListWorkersAsync();
            Assert.Equal(["w-1", "w-2"], workers.Select(w => w.Description.Id));
            var far = workers[1];
            Assert.Equal(("host of w-2", 7, "1.2", 42), (far.Description.Host, far.Description.Slots, far.Description.Version, far.Description.ProcessId));
            Assert.Equal([new("reports", 3), new("*")], far.Description.Queues);
            Assert.True(far.Description.Capabilities.Shell);
            Assert.Equal(["echo"], far.Description.Capabilities.JobTypes);
            Assert.Equal(["gpu"], far.Description.Capabilities.Labels);
            Assert.Equal(leases.Select(l => l.Token).ToHashSet(), far.Jobs.ToHashSet());
            Assert.False(far.Draining);
            Assert.Equal(2, Assert.Single(await broker.ListQueuesAsync(), q => q.Queue.Name == "default").ActiveWorkers);
            Assert.Equal(1, Assert.Single(await broker.ListQueuesAsync(), q => q.Queue.Name == "reports").ActiveWorkers);
        }
    }

    [Fact]
    public async Task A_worker_can_be_drained_from_any_node()
    {
        await using var one = await NodeAsync();
        await using var two = await NodeAsync();
        await using var session = await two.Broker.ConnectAsync(Worker("w"));
        await UntilAsync(async () => (await one.Broker.ListWorkersAsync()).Count == 1);
        Assert.False(await one.Broker.DrainWorkerAsync("nobody"));
        Assert.True(await one.Broker.DrainWorkerAsync("w"));
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        Assert.Equal(WorkerSignalKind.Drain, (await session.Signals.ReadAsync(patience.Token)).Kind);
        Assert.Empty(await session.LeaseAsync(1, patience.Token));
        Assert.True(Assert.Single(await one.Broker.ListWorkersAsync()).Draining);
        Assert.True(Assert.Single(await two.Broker.ListWorkersAsync()).Draining);
        Assert.True(await one.Broker.DrainWorkerAsync("w"));
        await session.DisposeAsync();
        await UntilAsync(async () => (await one.Broker.ListWorkersAsync()).Count == 0);
        Assert.False(await one.Broker.DrainWorkerAsync("w"));
    }

    [Fact]
    public async Task Whoever_hears_of_a_worker_of_another_node_finds_the_list_as_it_is_then()
    {
        await using var one = await NodeAsync();
        await using var two = await NodeAsync();
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        await using var events = one.Broker.Events.ReadAsync(EventTopics.Workers, cancel: patience.Token).GetAsyncEnumerator(patience.Token);
        var session = await two.Broker.ConnectAsync(Worker("w"));
        Assert.Equal(1, await CountAfterAsync(EventKind.WorkerConnected));
        await session.DisposeAsync();
        Assert.Equal(0, await CountAfterAsync(EventKind.WorkerGone));

        async Task<int> CountAfterAsync(EventKind kind)
        {
            while (await events.MoveNextAsync())
            {
                if (events.Current.Kind == kind)
                    return (await one.Broker.ListWorkersAsync()).Count;
            }

            return -1;
        }
    }

    [Fact]
    public async Task A_worker_that_connects_to_another_node_is_shown_once_and_one_that_leaves_with_its_node_no_more()
    {
        await using var one = await NodeAsync();
        var two = await NodeAsync();
        await using var before = await one.Broker.ConnectAsync(Worker("w"));
        await two.Broker.ConnectAsync(Worker("w") with { Slots = 9 });
        await UntilAsync(async () => Assert.Single(await one.Broker.ListWorkersAsync()).Description.Slots == 9);
        await before.DisposeAsync();
        Assert.Equal(9, Assert.Single(await two.Broker.ListWorkersAsync()).Description.Slots);
        await two.DisposeAsync();
        Assert.Empty(await one.Broker.ListWorkersAsync());
    }

    private static WorkerDescription Worker(string id) => new()
    {
        Id = id,
        InstanceId = Guid.NewGuid(),
        Host = "host of " + id,
        ProcessId = 42,
        Version = "1.2",
        Slots = 5,
        Queues = [new("default")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string> { "gpu" }),
    };

    private async Task<Node> NodeAsync()
    {
        var (jobs, owner) = await OpenAsync();
        var broker = new Broker(jobs, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await broker.StartAsync();
        return new(broker, owner);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        while (!await holds())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    private sealed record Node(Broker Broker, IAsyncDisposable Owner) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Broker.DisposeAsync();
            await Owner.DisposeAsync();
        }
    }
}
