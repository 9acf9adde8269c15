using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Brokers;

/// <summary>What unique keys mean beyond "one that is not finished".</summary>
public abstract partial class BrokerConformance
{
    private static JobSpec Unique(UniqueRule rule, TimeSpan? delay = null, string? name = null) =>
        Make.Task() with { UniqueKey = "u", Unique = rule, Delay = delay, Name = name };

    private async Task<EnqueuedJob> SendAsync(JobSpec spec, string? key = null) =>
        Assert.Single((await Broker.EnqueueAsync(new([spec], key, key is null ? null : "print"))).Jobs);

    [Theory]
    [InlineData(UniqueUntil.Finished)]
    [InlineData(UniqueUntil.Started)]
    public async Task A_job_that_waits_is_replaced_by_a_newer_one_with_its_key(UniqueUntil until)
    {
        var rule = new UniqueRule(until, UniqueConflict.Replace);
        var old = await SendAsync(Unique(rule, TimeSpan.FromMinutes(5)));
        var now = await SendAsync(Unique(rule, name: "new"));
        Assert.False(now.Duplicate);
        Assert.Equal(JobStatus.Canceled, (await ReadAsync(old.Id)).Status);
        Assert.Equal(("new", JobStatus.Queued), ((await ReadAsync(now.Id)).Spec.Name, (await ReadAsync(now.Id)).Status));
        var worker = await WorkerAsync();
        Assert.Equal(now.Id, (await worker.LeaseOneAsync()).Token.JobId);
        await PassAsync(TimeSpan.FromMinutes(10));
        Assert.Empty(await worker.TryLeaseAsync());
    }

    [Fact]
    public async Task A_job_that_runs_is_not_replaced()
    {
        var rule = new UniqueRule(UniqueUntil.Finished, UniqueConflict.Replace);
        var old = await SendAsync(Unique(rule));
        var worker = await WorkerAsync();
        await worker.LeaseOneAsync();
        Assert.Equal(new EnqueuedJob(old.Id, JobStatus.Running, Duplicate: true), await SendAsync(Unique(rule)));
        Assert.Null((await ReadAsync(old.Id)).CancelRequestedAt);
        Assert.Equal(1, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task Beside_a_job_that_runs_one_that_waits_is_replaced_when_the_key_is_free_at_the_start()
    {
        var rule = new UniqueRule(UniqueUntil.Started, UniqueConflict.Replace);
        var runs = await SendAsync(Unique(rule));
        var worker = await WorkerAsync();
        await worker.LeaseOneAsync();
        var waits = await SendAsync(Unique(rule));
        var last = await SendAsync(Unique(rule));
        Assert.Equal([JobStatus.Running, JobStatus.Canceled, JobStatus.Queued], (await Broker.GetAsync([runs.Id, waits.Id, last.Id])).Select(job => job!.Status));
    }

    [Fact]
    public async Task A_replacement_sent_twice_under_one_idempotency_key_happens_once()
    {
        var rule = new UniqueRule(UniqueUntil.Finished, UniqueConflict.Replace);
        await SendAsync(Unique(rule));
        var once = await SendAsync(Unique(rule), "k");
        var twice = await SendAsync(Unique(rule), "k");
        Assert.Equal(once.Id, twice.Id);
        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Total);
        Assert.Equal(JobStatus.Queued, (await ReadAsync(once.Id)).Status);
    }

    [Fact]
    public async Task Of_many_that_replace_each_other_at_once_one_is_left_and_each_is_told_what_became_of_it()
    {
        var rule = new UniqueRule(UniqueUntil.Finished, UniqueConflict.Replace);
        var sent = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => SendAsync(Unique(rule, name: $"{n}")))));
        var counts = await Broker.CountAsync(JobFilter.All);
        Assert.Equal((1L, counts.Total - 1), (counts.Queued, counts.Canceled));
        Assert.Equal(sent.Where(job => !job.Duplicate).Select(job => job.Id).Distinct().Count(), counts.Total);
    }

    [Fact]
    public async Task A_debounced_job_runs_once_its_time_after_the_latest_request()
    {
        var rule = new UniqueRule(UniqueUntil.Finished, UniqueConflict.Debounce);
        var first = await SendAsync(Unique(rule, TimeSpan.FromSeconds(10)));
        for (int n = 0; n < 4; n++)
        {
            await PassAsync(TimeSpan.FromSeconds(8));
            Assert.Equal(new EnqueuedJob(first.Id, JobStatus.Scheduled, Duplicate: true), await SendAsync(Unique(rule, TimeSpan.FromSeconds(10))));
        }

        var worker = await WorkerAsync();
        await PassAsync(TimeSpan.FromSeconds(8));
        Assert.Empty(await worker.TryLeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(first.Id, Assert.Single(await worker.TryLeaseAsync(5)).Token.JobId);
        Assert.Equal(JobStatus.Running, (await SendAsync(Unique(rule, TimeSpan.FromSeconds(10)))).Status);
        Assert.Equal(1, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task Each_window_has_one_job_whatever_became_of_it()
    {
        var rule = new UniqueRule { Window = TimeSpan.FromHours(1) };
        await PassAsync(TimeSpan.FromHours(1) - TimeSpan.FromTicks((Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks % TimeSpan.TicksPerHour));
        var first = await SendAsync(Unique(rule));
        Assert.False(first.Duplicate);
        Assert.Equal(new EnqueuedJob(first.Id, JobStatus.Queued, Duplicate: true), await SendAsync(Unique(rule)));
        var worker = await WorkerAsync();
        await worker.FinishAsync(await worker.LeaseOneAsync(), Make.Completed);
        await PassAsync(TimeSpan.FromMinutes(59));
        Assert.Equal(new EnqueuedJob(first.Id, JobStatus.Completed, Duplicate: true), await SendAsync(Unique(rule), "other key"));
        await PassAsync(TimeSpan.FromMinutes(2));
        var next = await SendAsync(Unique(rule));
        Assert.False(next.Duplicate);
        // The one of the window before need not have finished.
        await PassAsync(TimeSpan.FromHours(1));
        Assert.False((await SendAsync(Unique(rule))).Duplicate);
    }

    [Fact]
    public async Task Wrong_rules_for_unique_keys_are_refused()
    {
        await Refused("unique_key", Make.Task() with { Unique = new() });
        await Refused("delay", Unique(new(UniqueUntil.Finished, UniqueConflict.Debounce)));
        await Refused("unique.window", Unique(new() { Window = TimeSpan.FromDays(2) }));
        await Refused("unique.window", Unique(new(UniqueUntil.Started) { Window = TimeSpan.FromHours(1) }));
        await Refused("jobs[1].unique.window", Make.Task(), Unique(new() { Window = TimeSpan.FromHours(1) }));
        Assert.Equal(0, (await Broker.CountAsync(JobFilter.All)).Total);

        async Task Refused(string field, params JobSpec[] specs) =>
            Assert.Contains(field, (await Assert.ThrowsAsync<JobValidationException>(async () => await Broker.EnqueueAsync(new(specs)))).Errors.Keys);
    }
}
