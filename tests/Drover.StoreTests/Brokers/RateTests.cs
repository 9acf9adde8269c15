using Drover.Brokers;
using Drover.Jobs;
using Drover.StoreTests.Support;
using Drover.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Brokers;

/// <summary>How many jobs start in a time. The broker's duties run by themselves, on its clock.</summary>
public sealed class RateTests : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private InMemoryJobStore _store = null!;
    private Broker _broker = null!;
    private IWorkerSession _session = null!;

    public async ValueTask InitializeAsync()
    {
        _store = new(_clock);
        _broker = new(_store, null, new() { LeaseDuration = TimeSpan.FromHours(1) }, _clock, NullLoggerFactory.Instance);
        await _broker.StartAsync();
        _session = await _broker.ConnectAsync(new()
        {
            Id = "w",
            InstanceId = Guid.NewGuid(),
            Host = "h",
            ProcessId = 1,
            Version = "1",
            Slots = 100,
            Queues = [new("*")],
            Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task In_any_stretch_of_its_time_no_more_jobs_start_than_a_rate_allows_and_each_wakes_when_there_is_room()
    {
        _broker.SetRates(new Dictionary<string, RateLimit?> { ["key:api"] = new(3, TimeSpan.FromSeconds(10)) });
        await AddAsync(10, Make.Task() with { LimitKey = "api" });
        var starts = new List<long>();
        while (starts.Count < 10)
        {
            // The worker only ever waits; nobody asks again and again.
            var leases = await WaitAsync(5);
            starts.AddRange(leases.Select(_ => _clock.GetTimestamp()));
        }

        for (int i = 3; i < starts.Count; i++)
            Assert.InRange(_clock.GetElapsedTime(starts[i - 3], starts[i]), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12));
    }

    [Fact]
    public async Task Jobs_over_a_rate_hold_up_no_others_also_of_less_urgency()
    {
        _broker.SetRates(new Dictionary<string, RateLimit?> { [JobRules.QueueLimitKey("slow")] = new(1, TimeSpan.FromMinutes(1)) });
        await AddAsync(5, Make.Task() with { Queue = "slow", Priority = 1 });
        await AddAsync(5, Make.Task() with { Priority = 10 });
        Assert.Equal(6, (await WaitAsync(50)).Count);
        var next = await WaitAsync(50);
        Assert.Equal("slow", Assert.Single(next).Spec.Queue);
    }

    [Fact]
    public async Task A_rate_that_is_lifted_or_raised_wakes_who_waits()
    {
        _broker.SetRates(new Dictionary<string, RateLimit?> { ["key:api"] = new(1, TimeSpan.FromHours(20)) });
        await AddAsync(5, Make.Task() with { LimitKey = "api" });
        Assert.Single(await WaitAsync(50));
        var waiting = _session.LeaseAsync(50).AsTask();
        Assert.False(waiting.IsCompleted);
        _broker.SetRates(new Dictionary<string, RateLimit?> { ["key:api"] = new(3, TimeSpan.FromHours(20)) });
        Assert.Equal(2, (await waiting.WaitAsync(TestWorker.Patience, TimeProvider.System)).Count);
        waiting = _session.LeaseAsync(50).AsTask();
        _broker.SetRates(new Dictionary<string, RateLimit?> { ["key:api"] = null });
        Assert.Equal(2, (await waiting.WaitAsync(TestWorker.Patience, TimeProvider.System)).Count);
    }

    [Fact]
    public async Task A_job_that_waits_for_room_under_a_limit_starts_when_another_with_its_key_ends()
    {
        await _broker.SetLimitsAsync(new Dictionary<string, int?> { ["key:api"] = 1, [JobRules.QueueLimitKey("one")] = 1 });
        await AddAsync(2, Make.Task() with { LimitKey = "api" });
        await AddAsync(2, Make.Task() with { Queue = "one" });
        var first = await WaitAsync(50);
        Assert.Equal(2, first.Count);
        foreach (var lease in first)
        {
            var waiting = _session.LeaseAsync(50).AsTask();
            Assert.False(waiting.IsCompleted);
            await _session.FinishAsync([new(lease.Token, Make.Completed)]);
            var next = Assert.Single(await waiting.WaitAsync(TestWorker.Patience, TimeProvider.System));
            Assert.Equal((lease.Spec.LimitKey, lease.Spec.Queue), (next.Spec.LimitKey, next.Spec.Queue));
        }
    }

    private async Task AddAsync(int count, JobSpec spec) => await _broker.EnqueueAsync(new([.. Enumerable.Repeat(spec, count)]));

    /// <summary>Waits for jobs while time passes in small steps.</summary>
    private async Task<IReadOnlyList<Drover.Storage.Lease>> WaitAsync(int max)
    {
        var waiting = _session.LeaseAsync(max).AsTask();
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        while (!waiting.IsCompleted)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
            if (!waiting.IsCompleted)
                _clock.Advance(TimeSpan.FromSeconds(0.5));
        }

        return await waiting;
    }
}
