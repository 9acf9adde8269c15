using System.Text.Json;
using System.Text.Json.Nodes;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;
using Drover.Workers;

namespace Drover.StoreTests.Jobs;

/// <summary>
/// What every store and every broker must do with jobs, by the sentences of <see cref="IJobStore"/> and
/// <see cref="IBroker"/>. One test class for each: it says only how to make a clean one. The tests are named after the
/// arrows in docs/state-machine.md.
/// </summary>
public abstract partial class JobConformance : IAsyncLifetime
{
    private readonly Dictionary<string, TestWorker> _workers = [];
    private TestSystem _system = null!;

    protected abstract TestSystem NewSystem();

    private IBroker Broker => _system.Broker;

    private TestClock Clock => _system.Clock;

    public async ValueTask InitializeAsync()
    {
        _system = NewSystem();
        await _system.OpenAsync(new());
    }

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins again, clean, with other options.</summary>
    private async Task UseAsync(QueueOptions options)
    {
        await _system.DisposeAsync();
        _workers.Clear();
        _system = NewSystem();
        await _system.OpenAsync(options);
    }

    private async Task RestartAsync()
    {
        _workers.Clear();
        await _system.RestartAsync();
    }

    /// <summary>The worker with this id, connected when it is not yet; with an instance it is connected (again) as that one.</summary>
    private async Task<TestWorker> WorkerAsync(
        string id = "w-1", Guid? instance = null, IReadOnlyList<QueueShare>? queues = null, WorkerCapabilities? can = null)
    {
        if (instance is null && _workers.TryGetValue(id, out var known))
            return known;
        var description = new WorkerDescription
        {
            Id = id,
            InstanceId = instance ?? Guid.NewGuid(),
            Host = "host",
            ProcessId = 1,
            Version = "1",
            Slots = 100,
            Queues = queues ?? [new("*")],
            Capabilities = can ?? Can(shell: true, ["echo"]),
        };
        description = _system.Prepare(description);
        return _workers[id] = new(_system, await Broker.ConnectAsync(description), description);
    }

    private static WorkerCapabilities Can(bool shell, string[] types, params string[] labels) =>
        new(shell, types.ToHashSet(), labels.ToHashSet());

    private async Task<Guid> AddAsync(JobSpec spec)
    {
        var result = await Broker.EnqueueAsync(new(spec));
        return Assert.Single(result.Jobs).Id;
    }

    private async Task<Job> ReadAsync(Guid id)
    {
        var job = Assert.Single(await Broker.GetAsync([id]));
        Assert.NotNull(job);
        return job;
    }

    private async Task AssertStatusAsync(JobStatus expected, Guid id) => Assert.Equal(expected, (await ReadAsync(id)).Status);

    /// <summary>Lets time pass and what is due happen.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        Clock.Advance(time);
        await _system.RunDutiesAsync();
    }

    private Task PassAsync(double seconds) => PassAsync(TimeSpan.FromSeconds(seconds));

    /// <summary>A moment passes, so that what comes first is also older.</summary>
    private void Tick() => Clock.Advance(TimeSpan.FromMilliseconds(5));

    /// <summary>A new job that was leased by a worker.</summary>
    private async Task<(TestWorker Worker, Lease Lease, Guid Id)> RunningAsync(JobSpec spec)
    {
        var id = await AddAsync(spec);
        var worker = await WorkerAsync();
        var lease = await worker.LeaseOneAsync();
        Assert.Equal(id, lease.Token.JobId);
        return (worker, lease, id);
    }

    /// <summary>A new job whose only attempt ended so.</summary>
    private async Task<Guid> EndedAsync(JobSpec spec, AttemptOutcome outcome)
    {
        var (worker, lease, id) = await RunningAsync(spec);
        await worker.FinishAsync(lease, outcome);
        return id;
    }

    private async Task<QueueInfo> QueueAsync(string name) => (await Broker.ListQueuesAsync()).Single(q => q.Queue.Name == name).Queue;

    private static async Task<T[]> AtOnceAsync<T>(int callers, Func<int, Task<T>> call)
    {
        using var start = new SemaphoreSlim(0);
        var tasks = Enumerable.Range(0, callers).Select(n => Task.Run(async () =>
        {
            await start.WaitAsync();
            return await call(n);
        })).ToList();
        start.Release(callers);
        return await Task.WhenAll(tasks);
    }

    /// <summary>Equal in content, lists and bytes included.</summary>
    private static void AssertSame<T>(T expected, T actual)
    {
        var (left, right) = (JsonSerializer.SerializeToNode(expected), JsonSerializer.SerializeToNode(actual));
        Assert.True(JsonNode.DeepEquals(left, right), $"Expected {left}\nActual {right}");
    }
}
