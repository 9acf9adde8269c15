using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    [Fact]
    public async Task queued_to_running_when_leased()
    {
        var id = await AddAsync(Make.Task());
        var ready = Clock.GetUtcNow();
        Tick();
        var worker = await WorkerAsync("w-7");
        var lease = await worker.LeaseOneAsync();
        Assert.Equal(new LeaseToken(id, 1), lease.Token);
        Assert.Equal(ready, lease.ReadyAt);
        Assert.Equal(Clock.GetUtcNow(), lease.StartedAt);
        Assert.Equal(1, lease.FirstOutputSeq);

        var job = await ReadAsync(id);
        Assert.Equal(JobStatus.Running, job.Status);
        Assert.Equal(1, job.Attempt);
        Assert.Equal(0, job.AttemptsUsed);
        Assert.Equal("w-7", job.WorkerId);
        Assert.Equal(Clock.GetUtcNow(), job.StartedAt);
        Assert.Equal(new JobAttempt { Number = 1, WorkerId = "w-7", StartedAt = Clock.GetUtcNow() }, Assert.Single(job.Attempts));
    }

    [Fact]
    public async Task A_worker_gets_no_more_than_it_asks_for()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 5)]));
        var worker = await WorkerAsync();
        Assert.Equal(3, (await worker.LeaseAsync(3)).Count);
        Assert.Equal(2, (await worker.LeaseAsync(3)).Count);
        Assert.Empty(await worker.TryLeaseAsync(3));
    }

    [Fact]
    public async Task Priority_comes_first_then_first_come_first_served()
    {
        int[] priorities = [5, 1, 10, 5, 1, 2, 10, 5];
        var ids = new List<Guid>();
        foreach (int priority in priorities)
        {
            ids.Add(await AddAsync(Make.Task() with { Priority = priority }));
            Tick();
        }

        var expected = ids.Zip(priorities).OrderBy(j => j.Second).Select(j => j.First).ToList();
        var worker = await WorkerAsync();
        var first = await worker.LeaseAsync(3);
        Assert.Equal(expected.Take(3), first.Select(l => l.Token.JobId));
        Assert.Equal(expected.Skip(3), await worker.LeaseInOrderAsync(5));
    }

    [Fact]
    public async Task Order_survives_a_restart()
    {
        int[] priorities = [7, 3, 7, 3, 5];
        var jobs = (await Broker.EnqueueAsync(new([.. priorities.Select(p => Make.Task() with { Priority = p })]))).Jobs;
        await RestartAsync();
        Assert.Equal(jobs.Select(j => j.Id).Zip(priorities).OrderBy(j => j.Second).Select(j => j.First), await (await WorkerAsync()).LeaseInOrderAsync(5));
    }

    [Fact]
    public async Task Equal_weights_serve_the_most_urgent_job_of_all_queues()
    {
        var b3 = await AddAsync(Make.Task() with { Queue = "b", Priority = 3 });
        Tick();
        var a5 = await AddAsync(Make.Task() with { Queue = "a", Priority = 5 });
        Tick();
        var c5 = await AddAsync(Make.Task() with { Queue = "c", Priority = 5 });
        Tick();
        var a1 = await AddAsync(Make.Task() with { Queue = "a", Priority = 1 });
        Tick();
        var b5 = await AddAsync(Make.Task() with { Queue = "b", Priority = 5 });
        var worker = await WorkerAsync(queues: [new("c"), new("a"), new("b")]);
        Assert.Equal([a1, b3, a5, c5, b5], await worker.LeaseInOrderAsync(5));
    }

    [Fact]
    public async Task A_worker_is_given_jobs_of_its_queues_alone()
    {
        await AddAsync(Make.Task() with { Queue = "a" });
        var b = await AddAsync(Make.Task() with { Queue = "b" });
        var worker = await WorkerAsync(queues: [new("b"), new("none")]);
        Assert.Equal(b, Assert.Single(await worker.TryLeaseAsync(5)).Token.JobId);
        Assert.Equal("a", Assert.Single(await (await WorkerAsync("w-2", queues: [new("*")])).LeaseAsync(5)).Spec.Queue);
    }

    [Fact]
    public async Task Weights_share_a_workers_attention_between_queues_that_have_jobs()
    {
        // Whatever the rule, chance or turns, 400 leases at 3 : 1 are about 300 and 100.
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "light", Priority = 1 }, 400)]));
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "heavy" }, 400)]));
        var worker = await WorkerAsync(queues: [new("heavy", 3), new("light", 1)]);
        var leases = new List<Lease>();
        while (leases.Count < 200)
            leases.AddRange(await worker.LeaseAsync(1));
        while (leases.Count < 400)
            leases.AddRange(await worker.LeaseAsync(20));
        Assert.InRange(leases.Count(l => l.Spec.Queue == "heavy"), 240, 360);
    }

    [Fact]
    public async Task A_star_stands_for_the_queues_that_are_not_named_beside_it()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "named" }, 200)]));
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "other" }, 200)]));
        var worker = await WorkerAsync(queues: [new("*", 1), new("named", 9)]);
        var leases = new List<Lease>();
        while (leases.Count < 200)
            leases.AddRange(await worker.LeaseAsync(10));
        Assert.InRange(leases.Count(l => l.Spec.Queue == "other"), 1, 60);
    }

    [Fact]
    public async Task A_weighted_worker_is_not_idle_while_one_of_its_queues_has_jobs()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "light" }, 30)]));
        var worker = await WorkerAsync(queues: [new("heavy", 9), new("light", 1)]);
        Assert.Equal(30, (await worker.TryLeaseAsync(30)).Count(l => l.Spec.Queue == "light"));
    }

    [Fact]
    public async Task Weights_keep_the_order_within_a_queue()
    {
        int[] priorities = [5, 2, 9, 2, 5];
        var ids = (await Broker.EnqueueAsync(new([.. priorities.Select(p => Make.Task() with { Queue = "a", Priority = p })]))).Jobs.Select(j => j.Id);
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Queue = "b" }, 5)]));
        var worker = await WorkerAsync(queues: [new("a", 2), new("b", 1)]);
        var ofA = (await worker.LeaseAsync(10)).Where(l => l.Spec.Queue == "a").Select(l => l.Token.JobId);
        Assert.Equal(ids.Zip(priorities).OrderBy(j => j.Second).Select(j => j.First), ofA);
    }

    [Fact]
    public async Task Labels_and_task_types_choose_the_worker()
    {
        var shell = await AddAsync(Make.Command());
        var echo = await AddAsync(Make.Task("echo"));
        var mail = await AddAsync(Make.Task("mail"));
        var gpu = await AddAsync(Make.Task("echo") with { WorkerLabels = ["gpu"] });
        var gpuInB = await AddAsync(Make.Task("echo") with { WorkerLabels = ["zone=b", "gpu"] });
        var shellInB = await AddAsync(Make.Script("true") with { WorkerLabels = ["zone=b"] });

        Assert.Equal([shell], await GetsAsync("only-shell", Can(true, [])));
        Assert.Equal([echo], await GetsAsync("only-echo", Can(false, ["echo"])));
        Assert.Empty(await GetsAsync("nothing", Can(false, ["other"], "gpu", "zone=b")));
        Assert.Equal([mail, gpu], await GetsAsync("gpu", Can(false, ["echo", "mail"], "gpu", "zone=a")));
        Assert.Equal([gpuInB, shellInB], await GetsAsync("b", Can(true, ["echo"], "gpu", "zone=b", "more")));

        async Task<IEnumerable<Guid>> GetsAsync(string worker, WorkerCapabilities can) =>
            (await (await WorkerAsync(worker, can: can)).TryLeaseAsync(10)).Select(l => l.Token.JobId);
    }

    [Fact]
    public async Task A_job_is_leased_to_one_of_many_concurrent_workers()
    {
        var ids = (await Broker.EnqueueAsync(new([.. Enumerable.Range(0, 300).Select(n => n % 2 == 0 ? Make.Task() : Make.Command(server: $"s{n}"))]))).Jobs;
        var workers = new List<TestWorker>();
        for (int n = 0; n < 12; n++)
            workers.Add(await WorkerAsync($"w-{n}"));
        var got = await AtOnceAsync(workers.Count, async n =>
        {
            var mine = new List<Lease>();
            while (await workers[n].TryLeaseAsync(7) is { Count: > 0 } leases)
                mine.AddRange(leases);
            return mine;
        });
        var leased = got.SelectMany(g => g).Select(l => l.Token).ToList();
        Assert.Equal(300, leased.Count);
        Assert.Equal(ids.Select(j => j.Id).Order(), leased.Select(t => t.JobId).Order());
        Assert.All(leased, token => Assert.Equal(1, token.Attempt));
        Assert.Equal(300, (await Broker.CountAsync(JobFilter.All)).Running);
    }

    [Fact]
    public async Task A_long_wait_makes_a_job_more_urgent()
    {
        await UseAsync(new() { StarvationPeriod = TimeSpan.FromMinutes(10) });
        var old = await AddAsync(Make.Task() with { Priority = 7 });
        Clock.Advance(TimeSpan.FromMinutes(20) - TimeSpan.FromMilliseconds(1));
        var young = (await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { Priority = 5 }, 3)]))).Jobs.Select(j => j.Id).ToList();
        var worker = await WorkerAsync();
        Assert.Equal(young[0], (await worker.LeaseOneAsync()).Token.JobId);

        // Two whole periods: 7 counts as 5, and it is older.
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([old, young[1], young[2]], await worker.LeaseInOrderAsync(3));
        Assert.Equal(7, (await ReadAsync(old)).Priority);
    }

    [Fact]
    public async Task A_long_wait_counts_over_a_restart_and_never_beyond_priority_1()
    {
        await UseAsync(new() { StarvationPeriod = TimeSpan.FromMinutes(1) });
        var old = await AddAsync(Make.Task() with { Priority = 10 });
        Clock.Advance(TimeSpan.FromHours(2));
        await RestartAsync();
        Tick();
        var urgent = await AddAsync(Make.Task() with { Priority = 1 });
        Clock.Advance(TimeSpan.FromHours(1));
        var worker = await WorkerAsync();
        Assert.Equal([old, urgent], await worker.LeaseInOrderAsync(2));
    }

    [Fact]
    public async Task Priority_alone_decides_where_the_starvation_guard_is_off()
    {
        await UseAsync(new() { StarvationPeriod = TimeSpan.FromMinutes(1), StrictQueues = new HashSet<string> { "strict" } });
        var old = await AddAsync(Make.Task() with { Queue = "strict", Priority = 6 });
        Clock.Advance(TimeSpan.FromDays(1));
        var young = await AddAsync(Make.Task() with { Queue = "strict", Priority = 5 });
        Assert.Equal([young, old], await (await WorkerAsync()).LeaseInOrderAsync(2));

        await UseAsync(new() { StarvationPeriod = null });
        old = await AddAsync(Make.Task() with { Priority = 6 });
        Clock.Advance(TimeSpan.FromDays(1));
        young = await AddAsync(Make.Task() with { Priority = 5 });
        Assert.Equal([young, old], await (await WorkerAsync()).LeaseInOrderAsync(2));
    }

    [Fact]
    public async Task Renewal_keeps_a_lease()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        for (int n = 0; n < 5; n++)
        {
            await PassAsync(20);
            Assert.Equal(new RenewResult(Held: true, CancelRequested: false), await worker.RenewAsync(lease));
        }

        await PassAsync(29.9);
        await AssertStatusAsync(JobStatus.Running, id);
    }

    [Fact]
    public async Task Renewal_answers_for_each_lease_in_order()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 3)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(3);
        await worker.FinishAsync(leases[1], Make.Completed);
        await Broker.CancelAsync([leases[2].Token.JobId], null);
        var answers = await worker.Session.RenewAsync(
            [leases[2].Token, leases[1].Token, leases[0].Token, new(Guid.NewGuid(), 1), leases[0].Token with { Attempt = 2 }]);
        Assert.Equal([new(true, true), new(false, false), new(true, false), new(false, false), new(false, false)], answers);
    }
}
