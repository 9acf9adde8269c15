using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Brokers;

public abstract partial class BrokerConformance
{
    /// <summary>A worker whose lease waits, and what it will be given.</summary>
    private async Task<Task<IReadOnlyList<Lease>>> WaitingAsync(params QueueShare[] queues)
    {
        var worker = await WorkerAsync("w-waiting", null, queues);
        var waiting = worker.LeaseAsync(5);
        Assert.False(waiting.IsCompleted);
        return waiting;
    }

    private static async Task AssertGetsAsync(Guid id, Task<IReadOnlyList<Lease>> waiting) =>
        Assert.Equal(id, Assert.Single(await SoonAsync(waiting)).Token.JobId);

    [Fact]
    public async Task A_waiting_lease_is_woken_by_an_enqueue()
    {
        var waiting = await WaitingAsync();
        await AssertGetsAsync(await AddAsync(Make.Task()), waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_by_a_job_whose_time_has_come()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(5) });
        var waiting = await WaitingAsync();
        await PassAsync(TimeSpan.FromSeconds(5));
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_when_its_queue_is_resumed()
    {
        await Broker.SetPausedAsync("q", true);
        var id = await AddAsync(Make.Task() with { Queue = "q" });
        var waiting = await WaitingAsync(new QueueShare("q"));
        await Broker.SetPausedAsync("q", false);
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_by_a_retry()
    {
        var worker = await WorkerAsync();
        var id = await AddAsync(Make.Command());
        await worker.FinishAsync(await worker.LeaseOneAsync(), Make.Failed);
        var waiting = await WaitingAsync();
        await Broker.RetryAsync([id]);
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_by_an_update_to_a_time_that_has_come()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromHours(1) });
        var waiting = await WaitingAsync();
        await Broker.UpdateAsync(id, new(RunAt: Clock.GetUtcNow()));
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_when_a_job_is_handed_back()
    {
        var worker = await WorkerAsync();
        var id = await AddAsync(Make.Task());
        var lease = await worker.LeaseOneAsync();
        var waiting = await WaitingAsync();
        await worker.FinishAsync(lease, Make.HandedBack);
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_when_another_worker_is_lost()
    {
        var worker = await WorkerAsync();
        var id = await AddAsync(Make.Task() with { Backoff = new() { Delay = TimeSpan.Zero } });
        await worker.LeaseOneAsync();
        var waiting = await WaitingAsync();
        await WorkerAsync("w-1", Guid.NewGuid());
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_when_a_limit_is_lifted()
    {
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:srv-1"] = 0 });
        var id = await AddAsync(Make.Command());
        var waiting = await WaitingAsync();
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:srv-1"] = null });
        await AssertGetsAsync(id, waiting);
    }

    [Fact]
    public async Task A_waiting_lease_is_woken_when_there_is_room_under_a_limit()
    {
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:srv-1"] = 1 });
        await AddAsync(Make.Command());
        var second = await AddAsync(Make.Command());
        var worker = await WorkerAsync();
        var lease = await worker.LeaseOneAsync();
        var waiting = await WaitingAsync();
        await worker.FinishAsync(lease, Make.Completed);
        await AssertGetsAsync(second, waiting);
    }

    [Fact]
    public async Task A_lease_that_is_given_up_takes_no_job_with_it()
    {
        var worker = await WorkerAsync();
        for (int n = 0; n < 20; n++)
        {
            using var given = new CancellationTokenSource();
            var waiting = Task.Run(async () => await worker.Session.LeaseAsync(1, given.Token));
            var adding = Task.Run(() => AddAsync(Make.Task()));
            await given.CancelAsync();
            Lease lease;
            try
            {
                lease = Assert.Single(await SoonAsync(waiting));
            }
            catch (OperationCanceledException)
            {
                await adding;
                lease = await worker.LeaseOneAsync();
            }

            Assert.Equal(await adding, lease.Token.JobId);
            await worker.FinishAsync(lease, Make.Completed);
        }
    }

    [Fact]
    public async Task No_job_and_no_worker_is_forgotten_under_many_of_both()
    {
        const int Jobs = 600;
        var left = new CountdownEvent(Jobs);
        using var stop = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        var working = new List<Task>();
        for (int n = 0; n < 6; n++)
        {
            var worker = await WorkerAsync($"w-{n}");
            working.Add(Task.Run(async () =>
            {
                while (true)
                {
                    var leases = await worker.Session.LeaseAsync(3, stop.Token);
                    var changes = await worker.Session.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Completed))]);
                    Assert.All(changes, change => Assert.Equal(ChangeResult.Done, change.Result));
                    left.Signal(changes.Count);
                }
            }));
        }

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            for (int n = 0; n < Jobs / 6; n++)
                await AddAsync(n % 2 == 0 ? Make.Task() : Make.Command());
        })));
        Assert.True(left.Wait(TestWorker.Patience, TestContext.Current.CancellationToken), $"{left.CurrentCount} jobs were forgotten");
        await stop.CancelAsync();
        foreach (var work in working)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.Equal(Jobs, (await Broker.CountAsync(JobFilter.All)).Completed);
    }

    [Fact]
    public async Task A_cancel_is_pushed_to_the_worker_that_holds_the_lease()
    {
        var (holder, other) = (await WorkerAsync("w-1"), await WorkerAsync("w-2"));
        var id = await AddAsync(Make.Command());
        var lease = await holder.LeaseOneAsync();
        await Broker.CancelAsync([id], "ada");
        Assert.Equal(new WorkerSignal(WorkerSignalKind.Cancel, lease.Token), await SignalAsync(holder));
        Assert.False(other.Session.Signals.TryRead(out _));
    }

    [Fact]
    public async Task A_draining_worker_is_told_and_gets_no_more_jobs_but_finishes_those_in_hand()
    {
        var worker = await WorkerAsync();
        await AddAsync(Make.Task());
        var lease = await worker.LeaseOneAsync();
        var waiting = worker.LeaseAsync();
        Assert.True(await Broker.DrainWorkerAsync("w-1"));
        Assert.Equal(WorkerSignalKind.Drain, (await SignalAsync(worker)).Kind);
        Assert.Empty(await SoonAsync(waiting));
        await AddAsync(Make.Task());
        Assert.Empty(await worker.LeaseAsync());
        Assert.True(Assert.Single(await Broker.ListWorkersAsync()).Draining);

        Assert.True((await worker.RenewAsync(lease)).Held);
        Assert.Equal(JobStatus.Completed, (await worker.FinishAsync(lease, Make.Completed)).To);
        Assert.False(await Broker.DrainWorkerAsync("nobody"));
    }

    [Fact]
    public async Task A_new_instance_ends_the_session_of_the_earlier_one_and_its_attempts_are_lost()
    {
        var earlier = await WorkerAsync("w-1");
        var id = await AddAsync(Make.Command());
        var lease = await earlier.LeaseOneAsync();
        var current = await WorkerAsync("w-1", Guid.NewGuid());

        Assert.Equal(JobStatus.Failed, (await ReadAsync(id)).Status);
        await Assert.ThrowsAsync<WorkerReplacedException>(() => earlier.Session.Signals.Completion.WaitAsync(TestWorker.Patience, TimeProvider.System));
        Assert.Equal(current.Description.InstanceId, Assert.Single(await Broker.ListWorkersAsync()).Description.InstanceId);
        // The good-bye of the earlier one does not take the new one with it.
        await earlier.Session.DisposeAsync();
        Assert.Single(await Broker.ListWorkersAsync());
        Assert.Equal(await AddAsync(Make.Task()), (await current.LeaseOneAsync()).Token.JobId);
        Assert.Equal(ChangeResult.LeaseLost, (await current.FinishAsync(lease, Make.Completed)).Result);
    }

    [Fact]
    public async Task Workers_are_listed_with_what_they_have_in_hand()
    {
        var b = await WorkerAsync("b");
        Clock.Advance(TimeSpan.FromSeconds(3));
        var a = await WorkerAsync("a");
        await AddAsync(Make.Task());
        var lease = await b.LeaseOneAsync();
        var workers = await Broker.ListWorkersAsync();
        Assert.Equal(["a", "b"], workers.Select(w => w.Description.Id));
        Assert.Equal("host-b", workers[1].Description.Host);
        Assert.Equal(Clock.GetUtcNow() - TimeSpan.FromSeconds(3), workers[1].ConnectedAt);
        Assert.Equal(Clock.GetUtcNow(), workers[1].LastHeartbeat);
        Assert.Equal([lease.Token], workers[1].Jobs);
        Assert.Empty(workers[0].Jobs);
        Assert.False(workers[1].Draining);

        Clock.Advance(TimeSpan.FromSeconds(3));
        await b.Session.RenewAsync([]);
        await b.FinishAsync(lease, Make.Completed);
        await a.Session.DisposeAsync();
        var left = Assert.Single(await Broker.ListWorkersAsync());
        Assert.Equal(("b", Clock.GetUtcNow(), 0), (left.Description.Id, left.LastHeartbeat, left.Jobs.Count));
    }

    [Fact]
    public async Task Queues_tell_their_load_and_pace()
    {
        await WorkerAsync("a", null, new QueueShare("q"));
        var worker = await WorkerAsync("b");
        await WorkerAsync("c", null, new QueueShare("other"));
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "q" }, 6)]));
        Clock.Advance(TimeSpan.FromSeconds(2));
        var leases = await worker.LeaseAsync(6);
        await worker.Session.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Completed))]);
        Clock.Advance(TimeSpan.FromSeconds(1));

        var q = (await Broker.ListQueuesAsync()).Single(s => s.Queue.Name == "q");
        Assert.Equal(2, q.ActiveWorkers);
        Assert.InRange(q.ProcessingRate, 0.09, 6);
        Assert.InRange(q.AverageWait!.Value.TotalSeconds, 1.5, 2.5);
        Assert.InRange(q.P95Wait!.Value.TotalSeconds, 1.5, 2.5);
    }

    [Fact]
    public async Task A_spec_that_breaks_a_rule_is_refused_by_the_name_of_its_field()
    {
        var broken = await Assert.ThrowsAsync<JobValidationException>(async () => await Broker.EnqueueAsync(new([Make.Task(), Make.Task() with { Priority = 11 }])));
        Assert.Equal("jobs[1].priority", Assert.Single(broken.Errors).Key);
        Assert.Equal(0, (await Broker.CountAsync(JobFilter.All)).Total);
        var id = await AddAsync(Make.Task());
        broken = await Assert.ThrowsAsync<JobValidationException>(async () => await Broker.UpdateAsync(id, new(Priority: 0)));
        Assert.Equal("priority", Assert.Single(broken.Errors).Key);
    }
}
