using Drover.Brokers;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Storage;
using Drover.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Drover.Tests.Schedules;

/// <summary>Schedules on the in-memory store with a clock that stands at 2026-03-01 12:00:00 UTC until it is moved; nodes fire when they are asked to.</summary>
internal sealed class ScheduleHome : IAsyncDisposable
{
    private readonly InMemoryJobStore _store;
    private readonly List<Scheduler> _nodes = [];

    public ScheduleHome()
    {
        Time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        Catalog = new(Time);
        _store = new(Time);
        Broker = new(_store, null, new(), Time, NullLoggerFactory.Instance);
        Schedules = new(Catalog, Time);
        First = AddNode();
    }

    public FakeTimeProvider Time { get; }

    public InMemoryCatalog Catalog { get; }

    public Broker Broker { get; }

    public ScheduleCatalog Schedules { get; }

    public Scheduler First { get; }

    /// <summary>One more process that fires schedules.</summary>
    public Scheduler AddNode()
    {
        var node = new Scheduler(Schedules, Broker, Time, NullLoggerFactory.Instance);
        _nodes.Add(node);
        return node;
    }

    public ValueTask<Schedule> AddAsync(string cron, OverlapPolicy overlap = OverlapPolicy.Allow, CatchUpPolicy catchUp = CatchUpPolicy.Skip, TimeSpan jitter = default, string zone = "UTC") =>
        Schedules.CreateAsync(new()
        {
            Id = JobId.New(Time).ToString(),
            Name = "nightly",
            Cron = cron,
            TimeZone = zone,
            Job = new() { Kind = JobKind.Task, Task = new() { JobType = "clean" } },
            Overlap = overlap,
            CatchUp = catchUp,
            Jitter = jitter,
        });

    /// <summary>Moves the clock in one go, then lets every node fire until nothing moves any more.</summary>
    public async Task PassAsync(TimeSpan time, params Scheduler[] nodes)
    {
        Time.Advance(time);
        for (int round = 0; round < 3; round++)
        {
            foreach (var node in nodes.Length == 0 ? [First] : nodes)
                await node.RunOnceAsync(CancellationToken.None);
        }
    }

    public async Task<Schedule> ScheduleAsync() => (await Schedules.FindAsync("nightly"))!;

    public async Task<IReadOnlyList<Job>> JobsAsync() => (await Broker.ListAsync(new(new() { Tag = "schedule:nightly" }, Limit: 500))).Items;

    public async Task FinishAllAsync()
    {
        var request = new LeaseRequest
        {
            WorkerId = "w",
            InstanceId = Guid.Empty,
            Max = 500,
            Duration = TimeSpan.FromMinutes(1),
            Queues = [new("*")],
            Capabilities = new(false, new HashSet<string> { "clean" }, new HashSet<string>()),
        };
        var leases = await _store.LeaseAsync(request);
        await _store.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, new() { Kind = OutcomeKind.Completed }))]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            node.Dispose();
        await Broker.DisposeAsync();
        await _store.DisposeAsync();
    }
}
