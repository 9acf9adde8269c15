using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    [Fact]
    public async Task running_to_completed_when_finished()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { Queue = "q" });
        Clock.Advance(TimeSpan.FromSeconds(2));
        var outcome = Make.Completed with { Result = "{\"sum\":3}"u8.ToArray(), ConnectTime = TimeSpan.FromMilliseconds(12) };
        Assert.Equal(new JobChange(id, ChangeResult.Done, JobStatus.Running, JobStatus.Completed, "q", 1, "w-1"), await worker.FinishAsync(lease, outcome));
        await RestartAsync();

        var job = await ReadAsync(id);
        Assert.Equal(JobStatus.Completed, job.Status);
        Assert.Equal(1, job.AttemptsUsed);
        Assert.Equal(Clock.GetUtcNow(), job.FinishedAt);
        Assert.Equal(Clock.GetUtcNow() - TimeSpan.FromSeconds(2), job.StartedAt);
        AssertSame(outcome, job.Outcome);
        var attempt = Assert.Single(job.Attempts);
        Assert.Equal(Clock.GetUtcNow(), attempt.FinishedAt);
        AssertSame(outcome, attempt.Outcome);
    }

    [Theory]
    [InlineData(OutcomeKind.Failed)]
    [InlineData(OutcomeKind.TimedOut)]
    public async Task running_to_failed_when_its_attempts_are_used_up(OutcomeKind kind)
    {
        var outcome = new AttemptOutcome { Kind = kind, Signal = "KILL", Reason = FailureReasons.Timeout, Error = "Took too long.\nKilled.", Unconfirmed = kind == OutcomeKind.TimedOut };
        var (worker, lease, id) = await RunningAsync(Make.Command());
        Assert.Equal(JobStatus.Failed, (await worker.FinishAsync(lease, outcome)).To);
        await RestartAsync();
        var job = await ReadAsync(id);
        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Equal(Clock.GetUtcNow(), job.FinishedAt);
        AssertSame(outcome, job.Outcome);
    }

    [Fact]
    public async Task running_to_retrying_when_an_attempt_fails()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        Assert.Equal(JobStatus.Retrying, (await worker.FinishAsync(lease, Make.Failed)).To);
        var job = await ReadAsync(id);
        Assert.Equal(JobStatus.Retrying, job.Status);
        Assert.Equal(1, job.AttemptsUsed);
        Assert.Null(job.FinishedAt);
        Assert.Equal(Clock.GetUtcNow().AddSeconds(10), job.RunAt);
        AssertSame(Make.Failed, job.Outcome);
        Assert.Empty(await worker.TryLeaseAsync());
    }

    [Fact]
    public async Task retrying_to_queued_when_its_backoff_is_over()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        await PassAsync(9.999);
        await AssertStatusAsync(JobStatus.Retrying, id);
        await PassAsync(0.001);
        await AssertStatusAsync(JobStatus.Queued, id);

        var second = await worker.LeaseOneAsync();
        Assert.Equal(new LeaseToken(id, 2), second.Token);
        Assert.Equal(Clock.GetUtcNow(), second.ReadyAt);
        await worker.FinishAsync(second, Make.Failed);
        await PassAsync(10);
        Assert.Equal(JobStatus.Failed, (await worker.FinishAsync(await worker.LeaseOneAsync(), Make.Failed)).To);
        var job = await ReadAsync(id);
        Assert.Equal((3, 3, 3), (job.Attempt, job.AttemptsUsed, job.Attempts.Count));
        Assert.Equal([1, 2, 3], job.Attempts.Select(a => a.Number));
    }

    [Fact]
    public async Task A_backoff_survives_a_restart()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        Clock.Advance(TimeSpan.FromSeconds(5));
        await RestartAsync();
        await _system.RunDutiesAsync();
        await AssertStatusAsync(JobStatus.Retrying, id);
        await PassAsync(5);
        await AssertStatusAsync(JobStatus.Queued, id);
    }

    [Theory]
    [InlineData(BackoffKind.Fixed, 3, 3, 3, 3, 3)]
    [InlineData(BackoffKind.Linear, 3, 6, 9, 12, 14)]
    [InlineData(BackoffKind.Exponential, 3, 6, 12, 14, 14)]
    public async Task Each_backoff_waits_as_it_says(BackoffKind kind, params int[] seconds)
    {
        var spec = Make.Task() with
        {
            MaxAttempts = 6,
            Backoff = new() { Kind = kind, Delay = TimeSpan.FromSeconds(3), Max = TimeSpan.FromSeconds(14), Jitter = 0 },
        };
        var (worker, lease, id) = await RunningAsync(spec);
        foreach (int wait in seconds)
        {
            await worker.FinishAsync(lease, Make.Failed);
            Assert.Equal(Clock.GetUtcNow().AddSeconds(wait), (await ReadAsync(id)).RunAt);
            await PassAsync(wait);
            lease = await worker.LeaseOneAsync();
        }

        Assert.Equal(JobStatus.Failed, (await worker.FinishAsync(lease, Make.Failed)).To);
    }

    [Fact]
    public async Task Jitter_spreads_the_backoff_within_its_bounds()
    {
        var spec = Make.Task() with { Backoff = new() { Kind = BackoffKind.Fixed, Delay = TimeSpan.FromSeconds(100), Jitter = 0.2 } };
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(spec, 50)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(50);
        await worker.Session.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Failed))]);
        var waits = (await Broker.GetAsync([.. leases.Select(l => l.Token.JobId)])).Select(j => (j!.RunAt!.Value - Clock.GetUtcNow()).TotalSeconds).ToList();
        Assert.All(waits, wait => Assert.InRange(wait, 80, 120));
        Assert.True(waits.Distinct().Count() > 10);
    }

    [Fact]
    public async Task running_to_queued_when_an_attempt_fails_and_there_is_no_backoff()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { Backoff = new() { Delay = TimeSpan.Zero } });
        Assert.Equal(JobStatus.Queued, (await worker.FinishAsync(lease, Make.Failed)).To);
        Assert.Equal(new LeaseToken(id, 2), (await worker.LeaseOneAsync()).Token);
    }

    [Fact]
    public async Task running_to_retrying_after_the_wait_the_worker_asks_for()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed with { RetryIn = TimeSpan.FromMinutes(3) });
        Assert.Equal(Clock.GetUtcNow().AddMinutes(3), (await ReadAsync(id)).RunAt);
        await PassAsync(180);
        await AssertStatusAsync(JobStatus.Queued, id);
    }

    [Fact]
    public async Task running_to_failed_when_told_never_to_retry()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { MaxAttempts = 99 });
        Assert.Equal(JobStatus.Failed, (await worker.FinishAsync(lease, Make.Failed with { NeverRetry = true })).To);
        await PassAsync(TimeSpan.FromDays(1));
        await AssertStatusAsync(JobStatus.Failed, id);
    }

    [Fact]
    public async Task running_to_queued_when_handed_back_without_using_up_an_attempt()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { MaxAttempts = 1 });
        for (int n = 1; n <= 3; n++)
        {
            Tick();
            Assert.Equal(JobStatus.Queued, (await worker.FinishAsync(lease, Make.HandedBack)).To);
            Assert.Equal(0, (await ReadAsync(id)).AttemptsUsed);
            lease = await worker.LeaseOneAsync();
            Assert.Equal(n + 1, lease.Token.Attempt);
        }

        await worker.FinishAsync(lease, Make.Completed);
        var job = await ReadAsync(id);
        Assert.Equal((4, 1), (job.Attempt, job.AttemptsUsed));
        Assert.Equal([OutcomeKind.HandedBack, OutcomeKind.HandedBack, OutcomeKind.HandedBack, OutcomeKind.Completed], job.Attempts.Select(a => a.Outcome!.Kind));
    }

    [Fact]
    public async Task running_to_scheduled_when_snoozed_without_using_up_an_attempt()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { MaxAttempts = 1 });
        Assert.Equal(JobStatus.Scheduled, (await worker.FinishAsync(lease, Make.HandedBack with { RetryIn = TimeSpan.FromSeconds(40) })).To);
        Assert.Equal(0, (await ReadAsync(id)).AttemptsUsed);
        await PassAsync(39.999);
        Assert.Empty(await worker.TryLeaseAsync());
        await PassAsync(0.001);
        Assert.Equal(new LeaseToken(id, 2), (await worker.LeaseOneAsync()).Token);
    }

    [Fact]
    public async Task A_due_time_belongs_to_the_latest_wait()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        var due = Clock.GetUtcNow().AddSeconds(10);
        await PassAsync(11);
        Assert.Equal(due, (await ReadAsync(id)).RunAt);
        lease = await worker.LeaseOneAsync();
        Assert.Equal(due, (await ReadAsync(id)).RunAt);
        await worker.FinishAsync(lease, Make.HandedBack);
        Assert.Null((await ReadAsync(id)).RunAt);
        await RestartAsync();
        Assert.Null((await ReadAsync(id)).RunAt);
    }

    [Fact]
    public async Task A_stale_lease_is_refused_everywhere_and_changes_nothing()
    {
        var (worker, stale, id) = await RunningAsync(Make.Task() with { Backoff = new() { Delay = TimeSpan.Zero } });
        await PassAsync(Make.LeaseDuration);
        var current = await (await WorkerAsync("w-2")).LeaseOneAsync();
        Assert.Equal(new LeaseToken(id, 2), current.Token);
        var before = await ReadAsync(id);

        Assert.Equal(new RenewResult(false, false), await worker.RenewAsync(stale));
        Assert.False(await worker.AppendAsync(stale, Make.Entry(1, "zombie", Clock.GetUtcNow())));
        Assert.Equal(new JobChange(id, ChangeResult.LeaseLost, JobStatus.Running, JobStatus.Running, "default", 2, "w-2"), await worker.FinishAsync(stale, Make.Completed));

        AssertSame(before, await ReadAsync(id));
        Assert.Empty((await Broker.ReadOutputAsync(new(id)))!.Entries);
    }

    [Fact]
    public async Task A_finished_attempt_is_not_finished_again()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Completed);
        Assert.Equal(new JobChange(id, ChangeResult.LeaseLost, JobStatus.Completed, JobStatus.Completed, "default", 1, "w-1"), await worker.FinishAsync(lease, Make.Failed));
        Assert.False((await worker.RenewAsync(lease)).Held);
        Assert.False(await worker.AppendAsync(lease, Make.Entry(1, "late", Clock.GetUtcNow())));
        Assert.Equal(OutcomeKind.Completed, (await ReadAsync(id)).Outcome!.Kind);
    }

    [Fact]
    public async Task Finishes_are_answered_each_in_order()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 3)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(3);
        var unknown = new LeaseToken(Guid.NewGuid(), 1);
        var changes = await worker.Session.FinishAsync(
            [new(leases[1].Token, Make.Completed), new(unknown, Make.Completed), new(leases[0].Token, Make.Failed), new(leases[1].Token, Make.Failed)]);
        Assert.Equal([ChangeResult.Done, ChangeResult.NotFound, ChangeResult.Done, ChangeResult.LeaseLost], changes.Select(c => c.Result));
        Assert.Equal([leases[1].Token.JobId, unknown.JobId, leases[0].Token.JobId, leases[1].Token.JobId], changes.Select(c => c.Id));
        Assert.Equal([JobStatus.Completed, default, JobStatus.Retrying, JobStatus.Completed], changes.Select(c => c.To));
        await AssertStatusAsync(JobStatus.Running, leases[2].Token.JobId);
    }

    [Fact]
    public async Task An_attempt_ends_once_under_concurrent_callers()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { MaxAttempts = 1 });
        var changes = await AtOnceAsync(16, n => worker.FinishAsync(lease, n % 2 == 0 ? Make.Completed : Make.Failed));
        var done = Assert.Single(changes, c => c.Result == ChangeResult.Done);
        Assert.Equal(15, changes.Count(c => c.Result == ChangeResult.LeaseLost));
        var job = await ReadAsync(id);
        Assert.Equal(done.To, job.Status);
        Assert.Equal(1, job.AttemptsUsed);
    }
}
