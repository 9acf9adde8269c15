using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Testing;
using Drover.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Tests.Brokers;

/// <summary>Two brokers on one store that carries news between them.</summary>
public sealed class SharedStoreTests : IAsyncLifetime
{
    private readonly FakeClock _clock = new();
    private readonly List<SharedNode> _nodes = [];
    private InMemoryJobStore _jobs = null!;
    private Broker _here = null!;
    private Broker _there = null!;

    private static CancellationToken Ends => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _jobs = new InMemoryJobStore(_clock);
        (_here, _there) = (Open(), Open());
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        await _jobs.DisposeAsync();
    }

    [Fact]
    public async Task A_job_added_at_one_node_wakes_a_worker_that_waits_at_the_other()
    {
        await using var session = await ConnectAsync(_there);
        var waiting = session.LeaseAsync(1, Ends).AsTask();
        var added = await _here.EnqueueAsync(new(Echo), Ends);
        Assert.Equal(added.Jobs[0].Id, Assert.Single(await waiting.WaitAsync(Ends)).Token.JobId);
    }

    [Fact]
    public async Task A_cancel_at_one_node_is_signalled_to_the_worker_at_the_other()
    {
        await using var session = await ConnectAsync(_there);
        await _here.EnqueueAsync(new(Echo), Ends);
        var lease = Assert.Single(await session.LeaseAsync(1, Ends));
        await _here.CancelAsync([lease.Token.JobId], "somebody", Ends);
        Assert.Equal(new WorkerSignal(WorkerSignalKind.Cancel, lease.Token), await session.Signals.ReadAsync(Ends));
    }

    [Fact]
    public async Task Events_come_from_all_nodes_and_only_once()
    {
        await using var reader = _there.Events.ReadAsync(EventTopics.Jobs, cancel: Ends).GetAsyncEnumerator(Ends);
        var first = await _here.EnqueueAsync(new(Echo), Ends);
        var second = await _there.EnqueueAsync(new(Echo), Ends);
        var third = await _here.EnqueueAsync(new(Echo), Ends);
        foreach (var added in new[] { first, second, third })
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal((EventKind.JobCreated, added.Jobs[0].Id), (reader.Current.Kind, reader.Current.JobId));
        }
    }

    [Fact]
    public async Task After_missed_news_waiting_workers_look_and_readers_of_one_job_are_told()
    {
        await using var session = await ConnectAsync(_there);
        var waiting = session.LeaseAsync(1, Ends).AsTask();
        await using var reader = _there.Events.ReadAsync(EventTopics.Output, jobId: Guid.NewGuid(), cancel: Ends).GetAsyncEnumerator(Ends);
        var read = reader.MoveNextAsync().AsTask();
        await _jobs.EnqueueAsync(new(Echo), Ends);
        _nodes[1].Node.Missed();
        Assert.Single(await waiting.WaitAsync(Ends));
        Assert.True(await read.WaitAsync(Ends));
        Assert.Equal(EventKind.Missed, reader.Current.Kind);
    }

    [Fact]
    public async Task Only_the_leader_promotes_and_a_new_leader_begins_at_once()
    {
        await _here.StartAsync(Ends);
        await using var reader = _there.Events.ReadAsync(EventTopics.Jobs, cancel: Ends).GetAsyncEnumerator(Ends);
        var added = await _here.EnqueueAsync(new(Echo with { Delay = TimeSpan.FromSeconds(5) }), Ends);
        Assert.True(await reader.MoveNextAsync());
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(JobStatus.Scheduled, Assert.Single(await _jobs.GetAsync([added.Jobs[0].Id], Ends))!.Status);

        _nodes[0].Lead();
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal((EventKind.JobChanged, JobStatus.Queued), (reader.Current.Kind, reader.Current.Status));
    }

    private static JobSpec Echo => new() { Kind = JobKind.Task, Task = new() { JobType = "echo", Payload = "{}"u8.ToArray() } };

    private Broker Open() => new(new SharedNode(_jobs, _nodes), null, new(), _clock, NullLoggerFactory.Instance);

    private static ValueTask<IWorkerSession> ConnectAsync(Broker broker) => broker.ConnectAsync(new()
    {
        Id = "w",
        InstanceId = Guid.NewGuid(),
        Host = "host",
        ProcessId = 1,
        Version = "1",
        Slots = 10,
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
    });
}
