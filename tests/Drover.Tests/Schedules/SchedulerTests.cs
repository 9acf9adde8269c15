using Drover.Brokers;
using Drover.Catalog;
using Drover.Jobs;
using Drover.Schedules;

namespace Drover.Tests.Schedules;

public sealed class SchedulerTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task It_enqueues_a_job_at_each_time_and_none_before()
    {
        await using var home = new ScheduleHome();
        var schedule = await home.AddAsync("*/10 * * * *");
        Assert.Equal(home.Time.GetUtcNow().AddMinutes(10), schedule.NextAt);

        await home.PassAsync(9 * Minute);
        Assert.Empty(await home.JobsAsync());
        await home.PassAsync(1 * Minute);
        var job = Assert.Single(await home.JobsAsync());
        Assert.Equal(("nightly", "schedule nightly"), (job.Spec.Name, job.Spec.CreatedBy));
        await home.PassAsync(10 * Minute);
        Assert.Equal(2, (await home.JobsAsync()).Count);
        var now = await home.ScheduleAsync();
        Assert.Equal(home.Time.GetUtcNow(), now.LastAt);
        Assert.Equal(home.Time.GetUtcNow().AddMinutes(10), now.NextAt);
    }

    [Fact]
    public async Task Of_several_nodes_one_enqueues_each_firing()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * *");
        var nodes = Enumerable.Range(0, 4).Select(_ => home.AddNode()).ToArray();
        for (int n = 1; n <= 20; n++)
        {
            home.Time.Advance(Minute);
            await Task.WhenAll(nodes.Select(node => Task.Run(async () =>
            {
                for (int round = 0; round < 3; round++)
                    await node.RunOnceAsync(CancellationToken.None);
            })));
            Assert.Equal(n, (await home.JobsAsync()).Count);
        }
    }

    [Fact]
    public async Task A_firing_whose_node_died_after_the_claim_is_carried_out_by_another()
    {
        await using var home = new ScheduleHome();
        var schedule = await home.AddAsync("0 * * * *");
        home.Time.Advance(60 * Minute);
        // What a node writes first; then it is gone.
        await home.Schedules.AdvanceAsync(schedule with { Due = schedule.NextAt, NextAt = schedule.NextAt!.Value.AddHours(1) }, default);

        await home.PassAsync(TimeSpan.Zero);
        Assert.Empty(await home.JobsAsync());
        await home.PassAsync(TimeSpan.FromSeconds(16));
        Assert.Single(await home.JobsAsync());
    }

    [Fact]
    public async Task A_firing_whose_node_died_after_the_enqueue_is_not_enqueued_again()
    {
        await using var home = new ScheduleHome();
        var before = await home.AddAsync("0 * * * *");
        await home.PassAsync(60 * Minute);
        var job = Assert.Single(await home.JobsAsync());
        var after = await home.ScheduleAsync();
        await home.Schedules.AdvanceAsync(after with { Due = before.NextAt, LastAt = null, LastJobId = null }, default);

        var other = home.AddNode();
        await home.PassAsync(TimeSpan.Zero, other);
        await home.PassAsync(TimeSpan.FromSeconds(16), other);
        Assert.Single(await home.JobsAsync());
        Assert.Equal(job.Id, (await home.ScheduleAsync()).LastJobId);
    }

    [Theory]
    [InlineData(CatchUpPolicy.Skip, 0)]
    [InlineData(CatchUpPolicy.One, 1)]
    [InlineData(CatchUpPolicy.All, 5)]
    public async Task What_was_missed_follows_the_policy(CatchUpPolicy policy, int jobs)
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("0 * * * *", catchUp: policy);
        await home.PassAsync((5 * 60 * Minute) + (30 * Minute));
        Assert.Equal(jobs, (await home.JobsAsync()).Count);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 18, 0, 0, TimeSpan.Zero), (await home.ScheduleAsync()).NextAt);
        await home.PassAsync(30 * Minute);
        Assert.Equal(jobs + 1, (await home.JobsAsync()).Count);
    }

    [Fact]
    public async Task A_firing_that_is_less_than_a_minute_late_was_not_missed()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("0 * * * *");
        await home.PassAsync((60 * Minute) + TimeSpan.FromSeconds(59));
        Assert.Single(await home.JobsAsync());
    }

    [Fact]
    public async Task Months_of_absence_with_a_time_each_second_are_passed_over_at_once()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * * *", catchUp: CatchUpPolicy.One);
        await home.PassAsync(TimeSpan.FromDays(200));
        Assert.Single(await home.JobsAsync());
    }

    [Fact]
    public async Task Overlap_skip_leaves_a_firing_out_while_the_last_job_has_not_finished()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * *", OverlapPolicy.Skip);
        await home.PassAsync(Minute);
        await home.PassAsync(Minute);
        Assert.Single(await home.JobsAsync());
        var schedule = await home.ScheduleAsync();
        Assert.Equal(1, schedule.Skipped);
        Assert.Contains("had not finished", schedule.LastError, StringComparison.Ordinal);

        await home.FinishAllAsync();
        await home.PassAsync(Minute);
        Assert.Equal(2, (await home.JobsAsync()).Count);
        Assert.Null((await home.ScheduleAsync()).LastError);
    }

    [Fact]
    public async Task Overlap_queue_lets_one_firing_wait_for_the_last_job()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * *", OverlapPolicy.Queue);
        for (int n = 0; n < 4; n++)
            await home.PassAsync(Minute);
        Assert.Single(await home.JobsAsync());
        Assert.NotNull((await home.ScheduleAsync()).Due);

        await home.FinishAllAsync();
        await home.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await home.JobsAsync()).Count);
        Assert.Null((await home.ScheduleAsync()).Due);
        Assert.Equal(2, (await home.ScheduleAsync()).Skipped);
    }

    [Fact]
    public async Task Overlap_queue_with_catch_up_of_all_runs_every_firing_one_after_another()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * *", OverlapPolicy.Queue, CatchUpPolicy.All);
        for (int n = 0; n < 4; n++)
            await home.PassAsync(Minute);
        for (int n = 1; n <= 4; n++)
        {
            Assert.Equal(n, (await home.JobsAsync()).Count);
            await home.FinishAllAsync();
            await home.PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(4, (await home.JobsAsync()).Count);
    }

    [Fact]
    public async Task Overlap_cancel_cancels_the_old_job_and_then_starts_the_new()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * *", OverlapPolicy.Cancel);
        await home.PassAsync(Minute);
        await home.PassAsync(Minute);
        var jobs = (await home.JobsAsync()).OrderBy(j => j.Seq).ToList();
        Assert.Equal([JobStatus.Canceled, JobStatus.Queued], jobs.Select(j => j.Status));
        Assert.Equal("schedule nightly", jobs[0].CanceledBy);
    }

    [Fact]
    public async Task Jitter_puts_the_job_off_by_less_than_it_says()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("0 * * * *", jitter: TimeSpan.FromMinutes(10));
        var delays = new List<TimeSpan>();
        for (int n = 0; n < 10; n++)
        {
            await home.PassAsync(60 * Minute);
            var job = (await home.JobsAsync()).MaxBy(j => j.Seq)!;
            delays.Add((job.RunAt ?? home.Time.GetUtcNow()) - home.Time.GetUtcNow());
        }

        Assert.All(delays, d => Assert.InRange(d, TimeSpan.Zero, TimeSpan.FromMinutes(10)));
        Assert.True(delays.Distinct().Count() > 5);
    }

    [Fact]
    public async Task A_paused_schedule_does_not_fire_and_does_not_catch_up()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("0 * * * *", catchUp: CatchUpPolicy.All);
        await home.Schedules.ChangeAsync("nightly", s => s with { Paused = true });
        await home.PassAsync(5 * 60 * Minute);
        Assert.Empty(await home.JobsAsync());
        Assert.Null((await home.ScheduleAsync()).NextAt);

        await home.Schedules.ChangeAsync("NIGHTLY", s => s with { Paused = false });
        await home.PassAsync(TimeSpan.Zero);
        Assert.Empty(await home.JobsAsync());
        await home.PassAsync(60 * Minute);
        Assert.Single(await home.JobsAsync());
    }

    [Fact]
    public async Task Run_now_enqueues_a_job_also_of_a_paused_schedule()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("0 * * * *");
        await home.Schedules.ChangeAsync("nightly", s => s with { Paused = true });
        var job = await home.Schedules.RunNowAsync("nightly", home.Broker, "anna");
        Assert.Equal("anna", Assert.Single(await home.JobsAsync()).Spec.CreatedBy);
        Assert.Equal(job!.Value.Id, (await home.ScheduleAsync()).LastJobId);
        Assert.Null(await home.Schedules.RunNowAsync("nobody", home.Broker, "anna"));
    }

    [Fact]
    public async Task A_declared_schedule_is_made_once_and_keeps_its_state()
    {
        await using var home = new ScheduleHome();
        var mine = new Schedule { Id = "a", Name = "nightly", Cron = "0 * * * *", Job = new() { Kind = JobKind.Task, Task = new() { JobType = "clean" } } };
        await home.Schedules.DeclareAsync(mine);
        await home.PassAsync(60 * Minute);
        var fired = await home.ScheduleAsync();
        Assert.Equal(fired.Version, (await home.Schedules.DeclareAsync(mine with { Id = "b" })).Version);
        var changed = await home.Schedules.DeclareAsync(mine with { Id = "c", Cron = "30 * * * *" });
        Assert.Equal(("a", fired.LastJobId, home.Time.GetUtcNow().AddMinutes(30)), (changed.Id, changed.LastJobId, changed.NextAt));
    }

    [Fact]
    public async Task What_breaks_a_rule_is_refused_by_field()
    {
        await using var home = new ScheduleHome();
        var bad = await Assert.ThrowsAsync<JobValidationException>(async () => await home.Schedules.CreateAsync(new()
        {
            Id = "x",
            Name = "",
            Cron = "61 * * * *",
            TimeZone = "Mars/Olympus",
            Jitter = TimeSpan.FromDays(2),
            Job = new() { Kind = JobKind.Task, Task = new() { JobType = "clean" }, Priority = 11, Delay = Minute },
        }));
        Assert.Equal(["cron", "jitter", "job.priority", "job.run_at", "name", "timezone"], bad.Errors.Keys.Order(StringComparer.Ordinal));
        await home.AddAsync("0 * * * *");
        var taken = await Assert.ThrowsAsync<CatalogConflictException>(async () => await home.AddAsync("0 * * * *"));
        Assert.True(taken.NameTaken);
    }

    [Fact]
    public async Task Two_who_change_a_schedule_while_it_fires_lose_neither_change_nor_firing()
    {
        await using var home = new ScheduleHome();
        await home.AddAsync("* * * * *");
        for (int n = 0; n < 20; n++)
        {
            home.Time.Advance(Minute);
            await Task.WhenAll(
                Task.Run(async () => await home.First.RunOnceAsync(CancellationToken.None)),
                Task.Run(async () => await home.Schedules.ChangeAsync("nightly", s => s with { Jitter = s.Jitter + TimeSpan.FromTicks(1) })));
            await home.PassAsync(TimeSpan.Zero);
        }

        Assert.Equal(20, (await home.JobsAsync()).Count);
        Assert.Equal(TimeSpan.FromTicks(20), (await home.ScheduleAsync()).Jitter);
    }
}
