using Drover.Catalog;
using Drover.Jobs;
using Drover.Migration;
using Drover.Sqlite;
using Drover.Storage;
using Drover.StoreTests.Postgres;
using Drover.StoreTests.Redis;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Migration;

/// <summary>Everything moves between the stores: the same answers, the same order, the same work afterwards.</summary>
public sealed class MigrationTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly LeaseRequest Work = new()
    {
        WorkerId = "w",
        InstanceId = Guid.Empty,
        Max = 5,
        Duration = TimeSpan.FromSeconds(30),
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo", "send" }, new HashSet<string>()),
    };

    private readonly TestClock _clock = new();
    private readonly List<StoreHome> _homes = [];
    private readonly List<OpenStore> _open = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _open)
            await store.CloseAsync();
        foreach (var home in _homes)
            await home.DisposeAsync();
    }

    [Fact]
    public async Task From_store_to_store_and_back_nothing_is_lost_and_the_work_goes_on_in_the_same_order()
    {
        var first = await OpenAsync(new SqliteHome(Durability.Full));
        await FillAsync(first);
        MigrationReport? before = null;
        var from = first;
        foreach (var home in (StoreHome[])[new PostgresHome(postgres), new RedisHome(), new SqliteHome(Durability.Normal), new RedisHome(), new PostgresHome(postgres), new SqliteHome(Durability.Full)])
        {
            var to = await OpenAsync(home);
            var report = await new StoreMigration(Parts("from", from), Parts("to", to), _clock).RunAsync(TestContext.Current.CancellationToken);
            Assert.False(report.Resumed);
            if (before is not null)
                Assert.Equal(before.Kinds, report.Kinds);
            Assert.False(await StoreMigration.IsUnfinishedAsync(to.Catalog));
            (before, from) = (report, to);
        }

        Assert.Contains(before!.Kinds, k => k is { Kind: "jobs", Count: 121 });
        // A restart reads the same.
        await _open[^1].CloseAsync();
        _open[^1] = from = await _homes[^1].OpenAsync(new(), _clock);
        await SameWorkAsync(first.Jobs, from.Jobs);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    [InlineData("redis")]
    public async Task What_was_broken_off_goes_on_and_comes_out_the_same(string kind)
    {
        var from = await OpenAsync(new SqliteHome(Durability.Full));
        await FillAsync(from);
        StoreHome home = kind switch { "postgres" => new PostgresHome(postgres), "redis" => new RedisHome(), _ => new SqliteHome(Durability.Full) };
        var to = await OpenAsync(home);
        // Broken off at each step in turn, as a kill would.
        foreach (string step in (string[])["catalog", "jobs", "audit", "verify"])
        {
            using var cut = new CancellationTokenSource();
            var migration = new StoreMigration(Parts("from", from), Parts("to", to), _clock) { Progress = now => { if (now.Step == step) cut.Cancel(); } };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => migration.RunAsync(cut.Token));
            Assert.True(await StoreMigration.IsUnfinishedAsync(to.Catalog));
            await _open[^1].CloseAsync();
            _open[^1] = to = await home.OpenAsync(new(), _clock);
        }

        var wrong = await Assert.ThrowsAsync<MigrationException>(() => new StoreMigration(Parts("another", from), Parts("to", to), _clock).RunAsync());
        Assert.Contains("migration from from", wrong.Message, StringComparison.Ordinal);
        Assert.True((await new StoreMigration(Parts("from", from), Parts("to", to), _clock).RunAsync()).Resumed);
        await SameWorkAsync(from.Jobs, to.Jobs);
    }

    [Fact]
    public async Task Running_jobs_are_refused_or_lost_by_their_own_policy()
    {
        var from = await OpenAsync(new SqliteHome(Durability.Full));
        var ids = (await from.Jobs.EnqueueAsync(new([Make.Task(), Make.Task() with { OnWorkerLost = WorkerLostPolicy.Fail }, Make.Task()]))).Jobs.Select(j => j.Id).ToList();
        Assert.Equal(2, (await from.Jobs.LeaseAsync(Work with { Max = 2 })).Count);
        foreach (var home in (StoreHome[])[new SqliteHome(Durability.Full), new PostgresHome(postgres), new RedisHome()])
        {
            var to = await OpenAsync(home);
            var refused = await Assert.ThrowsAsync<MigrationException>(() => new StoreMigration(Parts("from", from), Parts("to", to), _clock).RunAsync());
            Assert.Contains("2 jobs", refused.Message, StringComparison.Ordinal);
            await new StoreMigration(Parts("from", from), Parts("to", to), _clock) { LoseRunning = true }.RunAsync();
            Assert.Equal([JobStatus.Retrying, JobStatus.Failed, JobStatus.Queued], (await to.Jobs.GetAsync(ids)).Select(j => j!.Status));
            Assert.Equal(OutcomeKind.WorkerLost, (await to.Jobs.GetAsync(ids))[1]!.Attempts[0].Outcome!.Kind);
        }

        Assert.Equal(2, (await from.Jobs.CountAsync(JobFilter.All)).Running);
    }

    [Fact]
    public async Task A_target_that_holds_something_is_refused_and_left_alone()
    {
        var from = await OpenAsync(new SqliteHome(Durability.Full));
        var to = await OpenAsync(new SqliteHome(Durability.Full));
        await from.Jobs.EnqueueAsync(new(Make.Task()));
        await to.Jobs.EnqueueAsync(new(Make.Task()));
        var refused = await Assert.ThrowsAsync<MigrationException>(() => new StoreMigration(Parts("from", from), Parts("to", to), _clock).RunAsync());
        Assert.Contains("not empty", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await to.Jobs.CountAsync(JobFilter.All)).Total);
        Assert.False(await StoreMigration.IsUnfinishedAsync(to.Catalog));
    }

    [Fact]
    public async Task A_plan_counts_and_moves_nothing()
    {
        var from = await OpenAsync(new SqliteHome(Durability.Full));
        await FillAsync(from);
        var to = await OpenAsync(new SqliteHome(Durability.Full));
        var plan = await new StoreMigration(Parts("from", from), Parts("to", to), _clock).PlanAsync();
        Assert.Contains(new("jobs", 121, ""), plan.Kinds);
        Assert.Contains(new("server", 3, ""), plan.Kinds);
        Assert.Equal(0, (await to.Jobs.CountAsync(JobFilter.All)).Total);
    }

    private async Task<OpenStore> OpenAsync(StoreHome home)
    {
        _homes.Add(home);
        _open.Add(await home.OpenAsync(new(), _clock));
        return _open[^1];
    }

    private static StoreParts Parts(string name, OpenStore store) => new(name, store.Jobs, store.Catalog, store.Audit);

    /// <summary>Jobs of every kind in every status but running, with attempts, output, keys; documents and audit events.</summary>
    private async Task FillAsync(OpenStore store)
    {
        var random = new Random(20261123);
        var make = new RandomJobs(random);
        var jobs = store.Jobs;
        for (int n = 0; n < 120; n++)
        {
            var spec = make.Spec() with { UniqueKey = n % 7 == 0 ? $"key-{n}" : null, RunAt = null };
            await jobs.EnqueueAsync(new(n % 11 == 0 ? spec with { Delay = null, RunAt = _clock.GetUtcNow().AddMinutes(n) } : spec));
            _clock.Advance(TimeSpan.FromMilliseconds(17));
        }

        for (int round = 0; round < 6; round++)
        {
            await jobs.PromoteAsync(100);
            foreach (var lease in await jobs.LeaseAsync(Work with { Max = 12 }))
            {
                long seq = lease.FirstOutputSeq;
                await jobs.AppendOutputAsync(lease.Token, [Make.Entry(seq, "out\n", _clock.GetUtcNow(), attempt: lease.Token.Attempt), Make.Entry(seq + 1, "lost", _clock.GetUtcNow(), attempt: lease.Token.Attempt)], null);
                if (round == 1)
                    await jobs.AppendOutputAsync(lease.Token, [], new(seq + 1, seq + 9, 4711, _clock.GetUtcNow()));
                _clock.Advance(TimeSpan.FromMilliseconds(random.Next(2000)));
                if (make.Chance(5))
                    await jobs.CancelAsync([lease.Token.JobId], "ada");
                await jobs.FinishAsync([new(lease.Token, make.Outcome() with { Result = make.Chance(3) ? "{\"n\":1}"u8.ToArray() : null })]);
            }
        }

        var waiting = await jobs.ListAsync(new(new() { Statuses = [JobStatus.Queued, JobStatus.Scheduled, JobStatus.Retrying] }, Limit: 100));
        await jobs.CancelAsync([.. waiting.Items.Take(5).Select(j => j.Id)], null);
        await jobs.UpdateAsync(waiting.Items[7].Id, new(Priority: 1));
        await jobs.UpdateAsync(waiting.Items[8].Id, new(RunAt: _clock.GetUtcNow().AddHours(3)));
        var failed = await jobs.ListAsync(new(new() { Statuses = [JobStatus.Failed] }, Limit: 100));
        await jobs.RetryAsync([.. failed.Items.Take(3).Select(j => j.Id)]);
        await jobs.EnqueueAsync(new(Make.Task() with { UniqueKey = "started", Unique = new() { Until = UniqueUntil.Started } }));
        await jobs.SetPausedAsync("mail", true);
        foreach (string name in (string[])["web-1", "web-2", "Db"])
            await store.Catalog.CreateAsync(new("server", "id-" + name, name, 0, """{"n":1}"""u8.ToArray()));
        await store.Audit.AppendAsync([.. Enumerable.Range(0, 700).Select(n => new AuditEvent(0, _clock.GetUtcNow(), "ada", null, "job.create", $"{n}", null))]);
        Assert.Equal(0, (await jobs.CountAsync(JobFilter.All)).Running);
    }

    /// <summary>Both hand out the same jobs in the same order from now on, and know the same keys, lists and output.</summary>
    private async Task SameWorkAsync(IJobStore one, IJobStore other)
    {
        Assert.Equal(await one.CountAsync(JobFilter.All), await other.CountAsync(JobFilter.All));
        foreach (var job in (await one.ListAsync(new(JobFilter.All, Limit: 200))).Items)
        {
            Assert.Equal([job.Id], (await other.ListAsync(new(new() { Text = job.Id.ToString() }))).Items.Select(j => j.Id));
            if (job.Outcome?.Error is { } error)
                Assert.Contains(job.Id, (await other.ListAsync(new(new() { Text = error }, Limit: 200))).Items.Select(j => j.Id));
        }

        foreach (string key in (string[])["started", .. Enumerable.Range(0, 18).Select(n => $"key-{n * 7}")])
        {
            var spec = Make.Task() with { UniqueKey = key, Unique = key == "started" ? new() { Until = UniqueUntil.Started } : null, Delay = TimeSpan.FromDays(30) };
            var (a, b) = ((await one.EnqueueAsync(new(spec))).Jobs[0], (await other.EnqueueAsync(new(spec))).Jobs[0]);
            Assert.Equal((a.Duplicate, a.Duplicate ? a.Id : default), (b.Duplicate, b.Duplicate ? b.Id : default));
        }

        await one.SetPausedAsync("mail", false);
        await other.SetPausedAsync("mail", false);
        for (int round = 0; round < 40; round++)
        {
            Assert.Equal((await one.PromoteAsync(100)).Changes.Select(c => (c.Id, c.From, c.To)), (await other.PromoteAsync(100)).Changes.Select(c => (c.Id, c.From, c.To)));
            var (a, b) = (await one.LeaseAsync(Work), await other.LeaseAsync(Work));
            Assert.Equal(a.Select(l => l.Token), b.Select(l => l.Token));
            // A gap at the end stands for numbers that only its own store remembers; new output comes behind what is there all the same.
            foreach (var lease in b)
                Assert.True((await other.ReadOutputAsync(new(lease.Token.JobId)))!.Next < lease.FirstOutputSeq);
            await one.FinishAsync([.. a.Select(l => new FinishRequest(l.Token, Make.Completed))]);
            await other.FinishAsync([.. b.Select(l => new FinishRequest(l.Token, Make.Completed))]);
            _clock.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(await one.CountAsync(JobFilter.All), await other.CountAsync(JobFilter.All));
    }
}
