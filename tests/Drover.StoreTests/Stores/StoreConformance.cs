using Drover.Jobs;
using Drover.Output;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Stores;

/// <summary>What only <see cref="IJobStore"/> has: the background duties in their parts, and the store's own life.</summary>
public abstract partial class StoreConformance : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private StoreHome _home = null!;
    private OpenStore _store = null!;

    protected abstract StoreHome NewHome();

    private IJobStore Jobs => _store.Jobs;

    public async ValueTask InitializeAsync()
    {
        _home = NewHome();
        _store = await _home.OpenAsync(new(), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.CloseAsync();
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task RestartAsync()
    {
        await _store.CloseAsync();
        _store = await _home.OpenAsync(new(), _clock);
    }

    private async Task<List<Guid>> AddAsync(params JobSpec[] specs) => [.. (await Jobs.EnqueueAsync(new(specs))).Jobs.Select(j => j.Id)];

    private ValueTask<IReadOnlyList<Lease>> LeaseAsync(int max, string worker = "w-1", Guid instance = default, double seconds = 30) => Jobs.LeaseAsync(new()
    {
        WorkerId = worker,
        InstanceId = instance,
        Max = max,
        Duration = TimeSpan.FromSeconds(seconds),
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
    });

    private async Task<Job> ReadAsync(Guid id) => Assert.Single(await Jobs.GetAsync([id]))!;

    private static JobSpec After(double seconds) => Make.Task() with { Delay = TimeSpan.FromSeconds(seconds) };

    [Fact]
    public async Task Promotion_takes_the_earliest_first_and_tells_when_the_next_is_due()
    {
        Assert.Equal((0, null), await PromoteAsync(10));
        var ids = await AddAsync(After(40), After(10), After(20), Make.Task(), After(30));
        Assert.Equal((0, TimeSpan.FromSeconds(10)), await PromoteAsync(10));
        _clock.Advance(TimeSpan.FromSeconds(31));

        var promoted = await Jobs.PromoteAsync(2);
        Assert.Equal(
            [
                new(ids[1], ChangeResult.Done, JobStatus.Scheduled, JobStatus.Queued, "default", 0, null),
                new(ids[2], ChangeResult.Done, JobStatus.Scheduled, JobStatus.Queued, "default", 0, null),
            ],
            promoted.Changes);
        Assert.Equal(TimeSpan.Zero, promoted.NextDue);
        Assert.Equal((1, TimeSpan.FromSeconds(9)), await PromoteAsync(2));
        Assert.Equal(JobStatus.Scheduled, (await ReadAsync(ids[0])).Status);

        await RestartAsync();
        Assert.Equal((0, TimeSpan.FromSeconds(9)), await PromoteAsync(2));
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal((1, null), await PromoteAsync(2));
        Assert.Equal(_clock.GetUtcNow(), (await ReadAsync(ids[0])).RunAt);
    }

    [Fact]
    public async Task Promotion_leaves_alone_what_was_canceled_or_put_off()
    {
        var ids = await AddAsync(After(10), After(10), After(10));
        await Jobs.CancelAsync([ids[0]], null);
        await Jobs.UpdateAsync(ids[1], new(RunAt: _clock.GetUtcNow().AddSeconds(50)));
        _clock.Advance(TimeSpan.FromSeconds(20));
        var promoted = await Jobs.PromoteAsync(10);
        Assert.Equal(ids[2], Assert.Single(promoted.Changes).Id);
        Assert.Equal(TimeSpan.FromSeconds(30), promoted.NextDue);
    }

    [Fact]
    public async Task Concurrent_promotions_promote_each_job_once()
    {
        await AddAsync([.. Enumerable.Repeat(After(1), 200)]);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Jobs.PromoteAsync(50))));
        var changes = results.SelectMany(r => r.Changes).Select(c => c.Id).ToList();
        Assert.Equal(200, changes.Count);
        Assert.Equal(200, changes.Distinct().Count());
    }

    [Fact]
    public async Task Leases_that_ran_out_expire_earliest_first_in_batches()
    {
        var ids = await AddAsync(Make.Task(), Make.Task(), Make.Task(), Make.Task());
        double[] seconds = [40, 10, 20, 30];
        foreach (double duration in seconds)
            await LeaseAsync(1, seconds: duration);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal([ids[1], ids[2]], (await Jobs.ExpireLeasesAsync(2)).Select(c => c.Id));
        var last = Assert.Single(await Jobs.ExpireLeasesAsync(2));
        Assert.Equal(new JobChange(ids[3], ChangeResult.Done, JobStatus.Running, JobStatus.Retrying, "default", 1, "w-1"), last);
        Assert.Empty(await Jobs.ExpireLeasesAsync(2));
        Assert.Equal(JobStatus.Running, (await ReadAsync(ids[0])).Status);
    }

    [Fact]
    public async Task A_lease_whose_time_ran_out_is_held_until_it_is_expired()
    {
        await AddAsync(Make.Task(), Make.Task());
        var leases = await LeaseAsync(2);
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(await LeaseAsync(5, "w-2"));
        Assert.True(Assert.Single(await Jobs.RenewAsync([leases[0].Token], TimeSpan.FromSeconds(30))).Held);
        Assert.True(await Jobs.AppendOutputAsync(leases[1].Token, [Make.Entry(1, "x", _clock.GetUtcNow())], null));
        Assert.Equal(JobStatus.Completed, Assert.Single(await Jobs.FinishAsync([new(leases[1].Token, Make.Completed)])).To);
        Assert.Empty(await Jobs.ExpireLeasesAsync(10));
    }

    [Fact]
    public async Task A_renewal_counts_from_now()
    {
        await AddAsync(Make.Task());
        var lease = Assert.Single(await LeaseAsync(1, seconds: 100));
        await Jobs.RenewAsync([lease.Token], TimeSpan.FromSeconds(5));
        _clock.Advance(TimeSpan.FromSeconds(4.999));
        Assert.Empty(await Jobs.ExpireLeasesAsync(10));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Single(await Jobs.ExpireLeasesAsync(10));
    }

    [Fact]
    public async Task Concurrent_expiries_end_each_attempt_once()
    {
        await AddAsync([.. Enumerable.Repeat(Make.Command(), 200)]);
        await LeaseAsync(200);
        _clock.Advance(TimeSpan.FromMinutes(1));
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Jobs.ExpireLeasesAsync(50))));
        Assert.Equal(200, results.SelectMany(r => r).Select(c => c.Id).Distinct().Count());
        Assert.Equal(200, results.Sum(r => r.Count));
    }

    [Fact]
    public async Task A_worker_loses_the_attempts_of_its_other_instances_alone()
    {
        var (old, older, current) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var ids = await AddAsync([.. Enumerable.Repeat(Make.Command(), 4)]);
        await LeaseAsync(1, "w-1", older);
        await LeaseAsync(1, "w-1", old);
        await LeaseAsync(1, "w-1", current);
        await LeaseAsync(1, "w-2", old);
        var lost = await Jobs.LoseWorkerAsync("w-1", current);
        Assert.Equal(ids.Take(2).Order(), lost.Select(c => c.Id).Order());
        Assert.All(lost, change => Assert.Equal((ChangeResult.Done, JobStatus.Failed, "w-1"), (change.Result, change.To, change.WorkerId)));
        Assert.Empty(await Jobs.LoseWorkerAsync("w-1", current));
        Assert.Empty(await Jobs.LoseWorkerAsync("nobody", current));
    }

    [Fact]
    public async Task Retention_removes_old_finished_jobs_by_their_kind_of_end_in_small_batches()
    {
        var ids = await AddAsync([.. Enumerable.Repeat(Make.Command(), 8)]);
        var leases = await LeaseAsync(6);
        await Jobs.AppendOutputAsync(leases[0].Token, [Make.Entry(1, "old", _clock.GetUtcNow())], null);
        await Jobs.FinishAsync([.. leases.Take(5).Select((l, n) => new FinishRequest(l.Token, n < 3 ? Make.Completed : Make.Failed))]);
        await Jobs.CancelAsync([ids[6]], null);
        var policy = new RetentionPolicy(TimeSpan.FromDays(30), TimeSpan.FromDays(90));
        _clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, await Jobs.RetainAsync(policy, 100));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(3, await Jobs.RetainAsync(policy, 3));
        Assert.Equal(1, await Jobs.RetainAsync(policy, 3));
        Assert.Equal(0, await Jobs.RetainAsync(policy, 3));
        Assert.Equal(new JobCounts(0, 1, 1, 0, 0, 2, 0), await Jobs.CountAsync(JobFilter.All));
        Assert.Null(await Jobs.ReadOutputAsync(new OutputQuery(ids[0])));
        Assert.Null(Assert.Single(await Jobs.GetAsync([ids[0]])));

        await RestartAsync();
        _clock.Advance(TimeSpan.FromDays(60));
        Assert.Equal(0, await Jobs.RetainAsync(new(null, null), 100));
        Assert.Equal(2, await Jobs.RetainAsync(policy, 100));
        Assert.Equal(new JobCounts(0, 1, 1, 0, 0, 0, 0), await Jobs.CountAsync(JobFilter.All));
        Assert.Equal([ids[5], ids[7]], (await Jobs.ListAsync(new(JobFilter.All, JobSort.CreatedAscending))).Items.Select(j => j.Id));
    }

    [Fact]
    public async Task Retention_leaves_alone_a_job_that_was_retried()
    {
        var id = Assert.Single(await AddAsync(Make.Command()));
        await Jobs.FinishAsync([new(Assert.Single(await LeaseAsync(1)).Token, Make.Failed)]);
        _clock.Advance(TimeSpan.FromDays(100));
        await Jobs.RetryAsync([id]);
        Assert.Equal(0, await Jobs.RetainAsync(new(TimeSpan.Zero, TimeSpan.Zero), 100));
        Assert.Equal(JobStatus.Queued, (await ReadAsync(id)).Status);
    }

    [Fact]
    public async Task Retention_keeps_idempotency_keys_for_their_day()
    {
        var request = new EnqueueRequest([Make.Task()], "key", "print");
        var first = await Jobs.EnqueueAsync(request);
        await Jobs.CancelAsync([first.Jobs[0].Id], null);
        _clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(1, await Jobs.RetainAsync(new(TimeSpan.FromHours(1), null), 100));
        var again = await Jobs.EnqueueAsync(request);
        Assert.True(again.Replayed);
        Assert.Equal(first.Jobs, again.Jobs);
        _clock.Advance(TimeSpan.FromHours(1));
        await Jobs.RetainAsync(new(null, null), 100);
        Assert.False((await Jobs.EnqueueAsync(request)).Replayed);
    }

    [Fact]
    public async Task Limits_are_not_stored()
    {
        await AddAsync(Make.Command());
        await Jobs.SetLimitsAsync(new Dictionary<string, int?> { ["server:srv-1"] = 0 });
        Assert.Empty(await LeaseAsync(1));
        if (!KeepsMemoryOverARestart)
        {
            await RestartAsync();
            Assert.Single(await LeaseAsync(1));
        }
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        await Jobs.DisposeAsync();
        await Jobs.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Jobs.EnqueueAsync(new(Make.Task())));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await LeaseAsync(1));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Jobs.PingAsync());
    }

    [Fact]
    public async Task A_canceled_call_does_nothing()
    {
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Jobs.EnqueueAsync(new(Make.Task()), canceled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Jobs.ListAsync(new(JobFilter.All), canceled.Token));
        Assert.Equal(0, (await Jobs.CountAsync(JobFilter.All)).Total);
    }

    /// <summary>True where a restart in these tests finds the same memory.</summary>
    protected virtual bool KeepsMemoryOverARestart => false;

    private async Task<(int Count, TimeSpan? NextDue)> PromoteAsync(int max)
    {
        var result = await Jobs.PromoteAsync(max);
        return (result.Changes.Count, result.NextDue);
    }
}
