using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    [Fact]
    public async Task queued_to_queued_when_its_priority_changes()
    {
        var first = await AddAsync(Make.Task());
        Tick();
        var second = await AddAsync(Make.Task());
        Assert.Equal(new JobChange(second, ChangeResult.Done, JobStatus.Queued, JobStatus.Queued, "default", 0, null), await Broker.UpdateAsync(second, new(Priority: 1)));
        await RestartAsync();
        var job = await ReadAsync(second);
        Assert.Equal((1, 5), (job.Priority, job.Spec.Priority));
        Assert.Equal([1L, 0, 0, 0, 1, 0, 0, 0, 0, 0], (await QueueAsync("default")).DepthByPriority);
        Assert.Equal([second, first], await (await WorkerAsync()).LeaseInOrderAsync(2));
    }

    [Fact]
    public async Task A_changed_priority_holds_for_later_attempts()
    {
        var id = await AddAsync(Make.Task() with { Backoff = new() { Delay = TimeSpan.Zero } });
        await Broker.UpdateAsync(id, new(Priority: 2));
        var worker = await WorkerAsync();
        await worker.FinishAsync(await worker.LeaseOneAsync(), Make.Failed);
        var middle = await AddAsync(Make.Task() with { Priority = 3 });
        Assert.Equal(2, (await ReadAsync(id)).Priority);
        Assert.Equal([id, middle], await worker.LeaseInOrderAsync(2));
    }

    [Fact]
    public async Task queued_to_scheduled_when_its_time_is_put_off()
    {
        var id = await AddAsync(Make.Task());
        var later = Clock.GetUtcNow().AddMinutes(10);
        var change = await Broker.UpdateAsync(id, new(RunAt: later));
        Assert.Equal((ChangeResult.Done, JobStatus.Queued, JobStatus.Scheduled), (change.Result, change.From, change.To));
        var worker = await WorkerAsync();
        Assert.Empty(await worker.TryLeaseAsync());
        await RestartAsync();
        Assert.Equal(later, (await ReadAsync(id)).RunAt);
        await PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(id, (await (await WorkerAsync()).LeaseOneAsync()).Token.JobId);
    }

    [Fact]
    public async Task scheduled_to_queued_when_updated_to_a_time_that_has_come()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromHours(1) });
        var change = await Broker.UpdateAsync(id, new(RunAt: Clock.GetUtcNow()));
        Assert.Equal((ChangeResult.Done, JobStatus.Scheduled, JobStatus.Queued), (change.Result, change.From, change.To));
        Assert.Equal(id, (await (await WorkerAsync()).LeaseOneAsync()).Token.JobId);
    }

    [Fact]
    public async Task scheduled_to_scheduled_when_updated_to_another_time()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromMinutes(1) });
        Assert.Equal(JobStatus.Scheduled, (await Broker.UpdateAsync(id, new(Priority: 9, RunAt: Clock.GetUtcNow().AddMinutes(5)))).To);
        await PassAsync(TimeSpan.FromMinutes(2));
        await AssertStatusAsync(JobStatus.Scheduled, id);
        await PassAsync(TimeSpan.FromMinutes(3));
        var job = await ReadAsync(id);
        Assert.Equal((JobStatus.Queued, 9), (job.Status, job.Priority));
    }

    [Fact]
    public async Task scheduled_keeps_its_time_when_its_priority_alone_changes()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromMinutes(1) });
        await Broker.UpdateAsync(id, new(Priority: 1));
        await PassAsync(59.999);
        await AssertStatusAsync(JobStatus.Scheduled, id);
        await PassAsync(0.001);
        await AssertStatusAsync(JobStatus.Queued, id);
        Assert.Equal(1, (await QueueAsync("default")).DepthByPriority[0]);
    }

    [Fact]
    public async Task retrying_to_queued_when_updated_to_a_time_that_has_come()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        var change = await Broker.UpdateAsync(id, new(RunAt: Clock.GetUtcNow().AddHours(-1)));
        Assert.Equal((ChangeResult.Done, JobStatus.Retrying, JobStatus.Queued), (change.Result, change.From, change.To));
        Assert.Equal(2, (await worker.LeaseOneAsync()).Token.Attempt);
    }

    [Fact]
    public async Task retrying_to_scheduled_when_updated_to_a_time_to_come()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        Assert.Equal(JobStatus.Scheduled, (await Broker.UpdateAsync(id, new(RunAt: Clock.GetUtcNow().AddHours(1)))).To);
        await PassAsync(60);
        Assert.Empty(await worker.TryLeaseAsync());
        await PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(2, (await worker.LeaseOneAsync()).Token.Attempt);
    }

    [Fact]
    public async Task A_job_that_runs_or_has_ended_is_not_updated()
    {
        var ended = await EndedAsync(Make.Task(), Make.Completed);
        var (_, _, running) = await RunningAsync(Make.Task());
        var before = await Broker.GetAsync([ended, running]);
        var update = new JobUpdate(Priority: 1, RunAt: Clock.GetUtcNow().AddHours(1));
        Assert.Equal((ChangeResult.Conflict, JobStatus.Completed), await TryAsync(ended));
        Assert.Equal((ChangeResult.Conflict, JobStatus.Running), await TryAsync(running));
        Assert.Equal((ChangeResult.NotFound, default), await TryAsync(Guid.NewGuid()));
        AssertSame(before, await Broker.GetAsync([ended, running]));

        async Task<(ChangeResult, JobStatus)> TryAsync(Guid id)
        {
            var change = await Broker.UpdateAsync(id, update);
            return (change.Result, change.To);
        }
    }

    [Fact]
    public async Task Concurrent_updates_and_leases_lose_no_job_and_double_none()
    {
        var ids = (await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 60)]))).Jobs.Select(j => j.Id).ToList();
        var worker = await WorkerAsync();
        var updating = AtOnceAsync(6, async n =>
        {
            for (int i = n; i < ids.Count; i += 6)
            {
                await Broker.UpdateAsync(ids[i], new(Priority: 1 + i % 10));
                if (i % 3 == 0)
                    await Broker.UpdateAsync(ids[i], new(RunAt: Clock.GetUtcNow().AddMinutes(1)));
            }

            return n;
        });
        var leased = new List<Guid>();
        for (int n = 0; n < 10; n++)
            leased.AddRange((await worker.TryLeaseAsync(2)).Select(l => l.Token.JobId));
        await updating;
        await PassAsync(TimeSpan.FromMinutes(2));
        while (await worker.TryLeaseAsync(20) is { Count: > 0 } more)
            leased.AddRange(more.Where(l => l.Token.Attempt == 1).Select(l => l.Token.JobId));
        Assert.Equal(ids.Order(), leased.Order());
    }

    [Fact]
    public async Task A_paused_queue_leases_nothing_until_it_is_resumed()
    {
        var (worker, lease, _) = await RunningAsync(Make.Task() with { Queue = "q" });
        var held = await AddAsync(Make.Task() with { Queue = "q", Priority = 1 });
        var other = await AddAsync(Make.Task() with { Queue = "r" });
        await Broker.SetPausedAsync("q", true);
        await Broker.SetPausedAsync("q", true);
        await Broker.SetPausedAsync("never-used", true);
        await RestartAsync();

        worker = await WorkerAsync(instance: worker.Description.InstanceId);
        Assert.Equal(other, Assert.Single(await worker.TryLeaseAsync(5)).Token.JobId);
        Assert.True((await QueueAsync("q")).Paused);
        Assert.True((await QueueAsync("never-used")).Paused);
        Assert.False((await QueueAsync("r")).Paused);
        // What runs goes on, what comes is accepted.
        Assert.True((await worker.RenewAsync(lease)).Held);
        await AddAsync(Make.Task() with { Queue = "q" });
        Assert.Equal(JobStatus.Completed, (await worker.FinishAsync(lease, Make.Completed)).To);

        await Broker.SetPausedAsync("q", false);
        Assert.Equal(held, (await worker.LeaseOneAsync()).Token.JobId);
        await RestartAsync();
        Assert.False((await QueueAsync("q")).Paused);
    }

    [Fact]
    public async Task Jobs_become_due_in_a_paused_queue()
    {
        await Broker.SetPausedAsync("default", true);
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(1) });
        await PassAsync(2);
        await AssertStatusAsync(JobStatus.Queued, id);
        Assert.Empty(await (await WorkerAsync()).TryLeaseAsync());
    }

    [Fact]
    public async Task A_limit_parks_what_is_over_it_and_holds_up_no_others()
    {
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:a"] = 2, ["server:b"] = 0 });
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(server: "a") with { Priority = 1 }, 4)]));
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(server: "b") with { Priority = 2 }, 2)]));
        var other = await AddAsync(Make.Command(server: "c") with { Priority = 9 });
        var task = await AddAsync(Make.Task() with { Priority = 10 });
        var worker = await WorkerAsync();

        var leases = await worker.TryLeaseAsync(10);
        Assert.Equal(["a", "a", "c"], leases.Where(l => l.Spec.Shell is not null).Select(l => l.Spec.Shell!.ServerId));
        Assert.Equal([other, task], leases.Skip(2).Select(l => l.Token.JobId));
        Assert.Equal(4, (await Broker.CountAsync(JobFilter.All)).Queued);

        await worker.FinishAsync(leases[0], Make.Completed);
        Assert.Equal("a", Assert.Single(await worker.TryLeaseAsync(10)).Spec.Shell!.ServerId);
        Assert.Empty(await worker.TryLeaseAsync(10));

        // A limit that is not named stays; null lifts one; those over a lowered limit go on.
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:b"] = null, ["server:c"] = 0 });
        Assert.Equal(["b", "b"], (await worker.TryLeaseAsync(10)).Select(l => l.Spec.Shell!.ServerId));
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:a"] = 3 });
        Assert.Single(await worker.TryLeaseAsync(10));
    }

    [Fact]
    public async Task A_limit_counts_jobs_that_run_already_and_frees_a_place_however_they_end()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(server: "a"), 6)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(2);
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:a"] = 2 });
        Assert.Empty(await worker.TryLeaseAsync(6));
        await worker.FinishAsync(leases[0], Make.Failed);
        Assert.Single(await worker.TryLeaseAsync(6));
        await PassAsync(Make.LeaseDuration);
        Assert.Equal(2, (await worker.TryLeaseAsync(6)).Count);
        await Broker.DeleteAsync([leases[0].Token.JobId]);
        Assert.Empty(await worker.TryLeaseAsync(6));
    }

    [Fact]
    public async Task A_limit_holds_under_concurrent_workers()
    {
        await Broker.SetLimitsAsync(new Dictionary<string, int?> { ["server:a"] = 3 });
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(server: "a"), 60)]));
        var workers = new List<TestWorker>();
        for (int n = 0; n < 8; n++)
            workers.Add(await WorkerAsync($"w-{n}"));
        int running = 0, most = 0, done = 0;
        var gate = new Lock();
        await AtOnceAsync(workers.Count, async n =>
        {
            while (Volatile.Read(ref done) < 60)
            {
                var leases = await workers[n].TryLeaseAsync(2);
                lock (gate)
                    most = Math.Max(most, running += leases.Count);
                foreach (var lease in leases)
                {
                    lock (gate)
                        running--;
                    await workers[n].FinishAsync(lease, Make.Completed);
                    Interlocked.Increment(ref done);
                }

                if (leases.Count == 0)
                    await Task.Yield();
            }

            return n;
        });
        Assert.InRange(most, 1, 3);
        Assert.Equal(60, (await Broker.CountAsync(JobFilter.All)).Completed);
    }
}
