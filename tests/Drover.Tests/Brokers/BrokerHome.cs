using Drover.Brokers;
using Drover.Jobs;
using Drover.Servers;
using Drover.Storage;
using Drover.Testing;
using Drover.Tests.Support;

namespace Drover.Tests.Brokers;

/// <summary>A broker on a store that can be given troubles.</summary>
internal sealed class BrokerHome : IAsyncDisposable
{
    private readonly InMemoryJobStore _inner;

    public BrokerHome(ITargetResolver? targets = null)
    {
        _inner = new(Clock);
        Store = new(_inner);
        Broker = new(Store, targets, new(), Clock, Logs);
    }

    public FakeClock Clock { get; } = new();

    public LogList Logs { get; } = new();

    public TroubledStore Store { get; }

    public Broker Broker { get; }

    public ValueTask<IWorkerSession> ConnectAsync(string id = "w", bool shell = true, string[]? types = null, string[]? queues = null) => Broker.ConnectAsync(new()
    {
        Id = id,
        InstanceId = Guid.NewGuid(),
        Host = "host",
        ProcessId = 1,
        Version = "1",
        Slots = 100,
        Queues = [.. (queues ?? ["*"]).Select(q => new QueueShare(q))],
        Capabilities = new(shell, (types ?? ["echo"]).ToHashSet(), new HashSet<string>()),
    });

    public async Task<Guid> AddAsync(JobSpec spec) => (await Broker.EnqueueAsync(new(spec))).Jobs[0].Id;

    public async Task<Job> ReadAsync(Guid id) => (await Broker.GetAsync([id]))[0]!;

    public async ValueTask DisposeAsync()
    {
        Store.Recover();
        await Broker.DisposeAsync();
        await _inner.DisposeAsync();
    }
}
