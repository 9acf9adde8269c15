using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.StoreTests.Support;
using Drover.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Brokers;

/// <summary>The broker's duties as they run once it is started: by themselves, on its clock.</summary>
public sealed class StartedBrokerTests : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private InMemoryJobStore _store = null!;
    private Broker _broker = null!;
    private long _start;

    public async ValueTask InitializeAsync()
    {
        _store = new(_clock);
        var options = new BrokerOptions { LeaseDuration = Make.LeaseDuration, Retention = new(TimeSpan.FromHours(1), null) };
        _broker = new(_store, null, options, _clock, NullLoggerFactory.Instance);
        _start = _broker.Events.LastSeq;
        await _broker.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_job_becomes_ready_when_its_time_comes()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromMinutes(3) });
        await UntilAsync(id, JobStatus.Queued);
        Assert.InRange(_clock.GetUtcNow(), (await ReadAsync(id))!.RunAt!.Value, DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task A_job_with_a_set_time_becomes_ready_when_the_wall_clock_is_set_forward()
    {
        var id = await AddAsync(Make.Task() with { RunAt = _clock.GetUtcNow().AddHours(20) });
        var started = _clock.GetTimestamp();
        _clock.SetWrong(TimeSpan.FromHours(21));
        await UntilAsync(id, JobStatus.Queued);
        Assert.InRange(_clock.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_silent_workers_job_is_lost()
    {
        var id = await AddAsync(Make.Command());
        var session = await ConnectAsync();
        await session.LeaseAsync(1);
        await UntilAsync(id, JobStatus.Failed);
        Assert.Equal(FailureReasons.WorkerLost, (await ReadAsync(id))!.Outcome!.Reason);
    }

    [Fact]
    public async Task An_old_job_is_deleted()
    {
        var id = await AddAsync(Make.Command());
        await _broker.CancelAsync([id], null);
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        while (await ReadAsync(id) is not null)
        {
            patience.Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromSeconds(30));
            await PauseAsync();
        }
    }

    private async Task<Guid> AddAsync(JobSpec spec) => (await _broker.EnqueueAsync(new(spec))).Jobs[0].Id;

    private async Task<Job?> ReadAsync(Guid id) => (await _broker.GetAsync([id]))[0];

    private ValueTask<IWorkerSession> ConnectAsync() => _broker.ConnectAsync(new()
    {
        Id = "w",
        InstanceId = Guid.NewGuid(),
        Host = "h",
        ProcessId = 1,
        Version = "1",
        Slots = 1,
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string>(), new HashSet<string>()),
    });

    /// <summary>Lets time pass in small steps until the job has this status, as an event says.</summary>
    private async Task UntilAsync(Guid id, JobStatus status)
    {
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        // From the beginning, so that what happened meanwhile is seen.
        var reached = Task.Run(async () =>
        {
            await foreach (var found in _broker.Events.ReadAsync(EventTopics.Jobs, _start, id, patience.Token))
            {
                if (found.Status == status)
                    return;
            }

            patience.Token.ThrowIfCancellationRequested();
        });
        while (!reached.IsCompleted && (await ReadAsync(id))?.Status != status)
        {
            patience.Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromSeconds(0.5));
            await PauseAsync();
        }

        await reached;
    }

    /// <summary>Between two looks. The duties need their turn, or the broker takes itself for frozen and gives its workers grace.</summary>
    private static Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
}
