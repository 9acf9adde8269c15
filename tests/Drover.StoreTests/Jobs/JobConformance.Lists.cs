using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    /// <summary>A seed: of the environment variable DROVER_TEST_SEED to play a failure again, else a new one. It is printed.</summary>
    private static int Seed()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("DROVER_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"DROVER_TEST_SEED={seed}");
        return seed;
    }

    /// <summary>Jobs of every sort and status.</summary>
    private async Task<List<Job>> PopulateAsync(RandomJobs random, int count)
    {
        var ids = new List<Guid>();
        var worker = await WorkerAsync(can: Can(true, ["echo", "send"]));
        while (ids.Count < count)
        {
            ids.AddRange((await Broker.EnqueueAsync(new([.. Enumerable.Range(0, 5).Select(_ => random.Spec())]))).Jobs.Select(j => j.Id));
            foreach (var lease in await worker.TryLeaseAsync(3))
            {
                Tick();
                if (!random.Chance(4))
                    await worker.FinishAsync(lease, random.Outcome());
            }

            if (random.Chance(2))
                await Broker.CancelAsync([ids[^1]], null);
            if (random.Chance(3))
                await Broker.UpdateAsync(ids[^2], new(Priority: 1));
            Tick();
        }

        return [.. (await Broker.GetAsync(ids)).Select(j => j!)];
    }

    private async Task<List<Job>> ListAllAsync(JobFilter filter, JobSort sort, int limit, Func<Task>? betweenPages = null)
    {
        var jobs = new List<Job>();
        string? cursor = null;
        do
        {
            var page = await Broker.ListAsync(new(filter, sort, limit, cursor));
            Assert.True(page.Items.Count <= limit);
            jobs.AddRange(page.Items);
            cursor = page.Next;
            if (betweenPages is not null)
                await betweenPages();
        }
        while (cursor is not null);
        return jobs;
    }

    [Fact]
    public async Task Every_filter_and_sort_lists_and_counts_what_it_should()
    {
        int seed = Seed();
        var random = new Random(seed);
        var make = new RandomJobs(random);
        var jobs = await PopulateAsync(make, 150);
        Assert.Equal(7, jobs.Select(j => j.Status).Distinct().Count());
        var filters = make.EachAlone(jobs).Append(JobFilter.All).Concat(Enumerable.Range(0, 150).Select(_ => make.Combined(jobs))).ToList();
        foreach (var filter in filters)
        {
            var sort = (JobSort)random.Next(4);
            var listed = await ListAllAsync(filter, sort, random.Next(1, 200));
            string about = $"seed {seed}, sort {sort}, filter {filter}, statuses {string.Join(',', filter.Statuses)}";
            Assert.True(ListModel.Expected(jobs, filter, sort).SequenceEqual(listed.Select(j => j.Id)), about);
            Assert.True(ListModel.Counts(jobs, filter) == await Broker.CountAsync(filter), about);
        }
    }

    [Theory]
    [InlineData(JobSort.CreatedDescending)]
    [InlineData(JobSort.CreatedAscending)]
    [InlineData(JobSort.FinishedDescending)]
    [InlineData(JobSort.Priority)]
    public async Task A_sort_pages_through_all_jobs_and_is_stable_while_others_are_added(JobSort sort)
    {
        var make = new RandomJobs(new Random(Seed()));
        var jobs = await PopulateAsync(make, 60);
        var listed = await ListAllAsync(JobFilter.All, sort, 7, async () =>
        {
            // Two for each page, at both ends of every sort, until the lists would never end.
            if ((await Broker.CountAsync(JobFilter.All)).Total < 100)
                await Broker.EnqueueAsync(new([make.Spec() with { Priority = 1, Delay = null }, make.Spec() with { Priority = 10 }]));
        });
        Assert.Equal(listed.Count, listed.Select(j => j.Id).Distinct().Count());
        var before = jobs.Select(j => j.Id).ToHashSet();
        Assert.Equal(ListModel.Expected(jobs, JobFilter.All, sort), listed.Select(j => j.Id).Where(before.Contains));
    }

    [Fact]
    public async Task A_listed_job_says_what_a_read_one_says_but_for_its_attempts()
    {
        var jobs = await PopulateAsync(new RandomJobs(new Random(Seed())), 40);
        var listed = await ListAllAsync(JobFilter.All, JobSort.CreatedAscending, 500);
        AssertSame(jobs.Select(j => j with { Attempts = [] }).ToList(), listed);
    }

    [Fact]
    public async Task Lists_and_counts_survive_a_restart()
    {
        var jobs = await PopulateAsync(new RandomJobs(new Random(Seed())), 60);
        var counts = await Broker.CountAsync(JobFilter.All);
        await RestartAsync();
        Assert.Equal(counts, await Broker.CountAsync(JobFilter.All));
        foreach (var sort in Enum.GetValues<JobSort>())
            Assert.Equal(ListModel.Expected(jobs, JobFilter.All, sort), (await ListAllAsync(JobFilter.All, sort, 50)).Select(j => j.Id));
    }

    [Fact]
    public async Task A_list_repeats_and_hides_nothing_while_many_callers_enqueue()
    {
        var before = (await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 100)]))).Jobs.Select(j => j.Id).ToList();
        var adding = AtOnceAsync(4, async n =>
        {
            for (int i = 0; i < 25; i++)
                await AddAsync(Make.Task());
            return n;
        });
        var listed = (await ListAllAsync(JobFilter.All, JobSort.CreatedAscending, 9)).Select(j => j.Id).ToList();
        await adding;
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.Equal(before, listed.Take(100));
    }

    [Fact]
    public async Task The_last_page_has_no_next()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 4)]));
        Assert.Null((await Broker.ListAsync(new(JobFilter.All, Limit: 4))).Next);
        var first = await Broker.ListAsync(new(JobFilter.All, Limit: 2));
        Assert.NotNull(first.Next);
        var second = await Broker.ListAsync(new(JobFilter.All, Limit: 2, Cursor: first.Next));
        Assert.Equal((2, null), (second.Items.Count, second.Next));
        var none = await Broker.ListAsync(new(new() { Queue = "none" }));
        Assert.Equal((0, null), (none.Items.Count, none.Next));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("..")]
    [InlineData("d.9999999999999999999999.1")]
    public async Task A_cursor_that_is_none_is_refused(string cursor) =>
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broker.ListAsync(new(JobFilter.All, Cursor: cursor)));

    [Fact]
    public async Task A_cursor_of_another_sort_is_refused()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 3)]));
        foreach (var sort in Enum.GetValues<JobSort>())
        {
            string? cursor = (await Broker.ListAsync(new(JobFilter.All, sort, 1))).Next;
            foreach (var other in Enum.GetValues<JobSort>().Where(s => s != sort))
                await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broker.ListAsync(new(JobFilter.All, other, 1, cursor)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(501)]
    public async Task A_limit_out_of_range_is_refused_when_jobs_are_listed(int limit) =>
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broker.ListAsync(new(JobFilter.All, Limit: limit)));

    [Fact]
    public async Task Jobs_are_read_in_the_order_asked()
    {
        var (a, b) = (await AddAsync(Make.Task()), await AddAsync(Make.Task()));
        Assert.Equal([b, null, a, b], (await Broker.GetAsync([b, Guid.NewGuid(), a, b])).Select(j => j?.Id));
        Assert.Empty(await Broker.GetAsync([]));
    }

    [Fact]
    public async Task Queues_tell_how_many_jobs_are_in_each_state()
    {
        var ready = Clock.GetUtcNow();
        await Broker.EnqueueAsync(new([.. new[] { 1, 10, 10, 3 }.Select(p => Make.Task() with { Queue = "b", Priority = p })]));
        Tick();
        await Broker.EnqueueAsync(new([Make.Task() with { Queue = "b", Delay = TimeSpan.FromHours(1) }, Make.Task() with { Queue = "a" }]));
        var worker = await WorkerAsync(queues: [new("b")]);
        var leases = await worker.LeaseAsync(2);
        await worker.FinishAsync(leases[0], Make.Failed);
        await Broker.SetPausedAsync("c", true);
        await RestartAsync();

        var queues = (await Broker.ListQueuesAsync()).Select(q => q.Queue).Where(q => q.Name.Length == 1).ToList();
        Assert.Equal(["a", "b", "c"], queues.Select(q => q.Name));
        AssertSame(new QueueInfo("b", false, [0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 1, 1, 1, ready), queues[1]);
        Assert.Equal(2, queues[1].Depth);
        AssertSame(new QueueInfo("c", true, new long[10], 0, 0, 0, null), queues[2]);
    }

    [Fact]
    public async Task A_queue_that_had_jobs_is_still_listed()
    {
        var id = await EndedAsync(Make.Task() with { Queue = "once" }, Make.Completed);
        await Broker.DeleteAsync([id]);
        await RestartAsync();
        AssertSame(new QueueInfo("once", false, new long[10], 0, 0, 0, null), await QueueAsync("once"));
    }

    [Fact]
    public async Task Throughput_tells_what_ended_in_each_interval_and_how_long_it_took()
    {
        var from = Clock.GetUtcNow();
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(), 4)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(4);
        Clock.Advance(TimeSpan.FromSeconds(2));
        await worker.FinishAsync(leases[0], Make.Completed);
        Clock.Advance(TimeSpan.FromSeconds(4));
        await worker.FinishAsync(leases[1], Make.Failed);
        Clock.Advance(TimeSpan.FromSeconds(4));
        await worker.FinishAsync(leases[2], Make.Canceled);
        Clock.Advance(TimeSpan.FromSeconds(15));
        await worker.FinishAsync(leases[3], Make.Completed);
        await RestartAsync();

        var points = await Broker.ThroughputAsync(from, from.AddSeconds(35), TimeSpan.FromSeconds(10));
        Assert.Equal(
            [
                new(from, 1, 1, 0, TimeSpan.FromSeconds(4)),
                new(from.AddSeconds(10), 0, 0, 1, null),
                new(from.AddSeconds(20), 1, 0, 0, TimeSpan.FromSeconds(25)),
                new(from.AddSeconds(30), 0, 0, 0, null),
            ],
            points);
        // The end of the time asked for is not part of it.
        Assert.Equal([new(from, 1, 0, 0, TimeSpan.FromSeconds(2))], await Broker.ThroughputAsync(from, from.AddSeconds(6), TimeSpan.FromSeconds(10)));
        Assert.Empty(await Broker.ThroughputAsync(from, from, TimeSpan.FromSeconds(10)));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Broker.ThroughputAsync(from, from.AddSeconds(1), TimeSpan.Zero));
    }

    [Fact]
    public async Task A_ping_answers() => await Broker.PingAsync();
}
