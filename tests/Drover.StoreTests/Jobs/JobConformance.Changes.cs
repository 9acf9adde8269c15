using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    private async Task<JobChange> CancelAsync(Guid id, string? by = "ada") => Assert.Single(await Broker.CancelAsync([id], by));

    [Fact]
    public async Task scheduled_to_queued_when_its_time_has_come()
    {
        var byTime = await AddAsync(Make.Task() with { RunAt = Clock.GetUtcNow().AddSeconds(60) });
        var byDelay = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(90) });
        var worker = await WorkerAsync();
        await PassAsync(59.999);
        Assert.Empty(await worker.TryLeaseAsync(2));
        await PassAsync(0.001);
        await AssertStatusAsync(JobStatus.Queued, byTime);
        await AssertStatusAsync(JobStatus.Scheduled, byDelay);
        Assert.Equal(byTime, (await worker.LeaseOneAsync()).Token.JobId);
        await PassAsync(29.999);
        Assert.Empty(await worker.TryLeaseAsync(2));
        await PassAsync(0.001);
        Assert.Equal(byDelay, (await worker.LeaseOneAsync()).Token.JobId);
    }

    [Fact]
    public async Task A_delay_survives_a_restart()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(90) });
        Clock.Advance(TimeSpan.FromSeconds(40));
        await RestartAsync();
        await _system.RunDutiesAsync();
        await AssertStatusAsync(JobStatus.Scheduled, id);
        await PassAsync(50);
        await AssertStatusAsync(JobStatus.Queued, id);
    }

    [Fact]
    public async Task Jobs_that_become_ready_again_take_the_place_at_which_they_were_accepted()
    {
        var late = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(20) });
        var early = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(10) });
        var (worker, lease, handedBack) = await RunningAsync(Make.Task());
        var ready = await AddAsync(Make.Task());
        await PassAsync(25);
        await worker.FinishAsync(lease, Make.HandedBack);
        Tick();
        var last = await AddAsync(Make.Task());
        await RestartAsync();
        Assert.Equal([late, early, handedBack, ready, last], await (await WorkerAsync()).LeaseInOrderAsync(5));
    }

    [Fact]
    public async Task A_wrong_clock_moves_no_delay_and_no_lease()
    {
        var (worker, lease, running) = await RunningAsync(Make.Task());
        var delayed = await AddAsync(Make.Task() with { Delay = TimeSpan.FromMinutes(1) });
        Clock.SetWrong(TimeSpan.FromHours(1));
        await _system.RunDutiesAsync();
        await AssertStatusAsync(JobStatus.Running, running);
        await AssertStatusAsync(JobStatus.Scheduled, delayed);
        Assert.True((await worker.RenewAsync(lease)).Held);

        Clock.SetWrong(TimeSpan.FromHours(-2));
        await PassAsync(29);
        await AssertStatusAsync(JobStatus.Running, running);
        await PassAsync(31);
        await AssertStatusAsync(JobStatus.Queued, delayed);
        await AssertStatusAsync(JobStatus.Retrying, running);
    }

    [Fact]
    public async Task queued_to_canceled_when_canceled()
    {
        var id = await AddAsync(Make.Task() with { Queue = "q" });
        Tick();
        Assert.Equal(new JobChange(id, ChangeResult.Done, JobStatus.Queued, JobStatus.Canceled, "q", 0, null), await CancelAsync(id));
        await RestartAsync();
        var job = await ReadAsync(id);
        Assert.Equal(JobStatus.Canceled, job.Status);
        Assert.Equal(Clock.GetUtcNow(), job.CancelRequestedAt);
        Assert.Equal(Clock.GetUtcNow(), job.FinishedAt);
        Assert.Equal("ada", job.CanceledBy);
        Assert.Empty(await (await WorkerAsync()).TryLeaseAsync());
    }

    [Fact]
    public async Task scheduled_to_canceled_when_canceled()
    {
        var id = await AddAsync(Make.Task() with { Delay = TimeSpan.FromSeconds(5) });
        var change = await CancelAsync(id);
        Assert.Equal((ChangeResult.Done, JobStatus.Scheduled, JobStatus.Canceled), (change.Result, change.From, change.To));
        await PassAsync(10);
        await AssertStatusAsync(JobStatus.Canceled, id);
    }

    [Fact]
    public async Task retrying_to_canceled_when_canceled()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        var change = await CancelAsync(id);
        Assert.Equal((ChangeResult.Done, JobStatus.Retrying, JobStatus.Canceled), (change.Result, change.From, change.To));
        await PassAsync(60);
        await AssertStatusAsync(JobStatus.Canceled, id);
    }

    [Fact]
    public async Task running_to_canceled_when_the_worker_confirms_the_cancel()
    {
        var (worker, lease, id) = await RunningAsync(Make.Command());
        Tick();
        var asked = Clock.GetUtcNow();
        Assert.Equal(new JobChange(id, ChangeResult.Accepted, JobStatus.Running, JobStatus.Running, "default", 1, "w-1"), await CancelAsync(id));
        Tick();
        Assert.Equal(ChangeResult.Accepted, (await CancelAsync(id, "bob")).Result);
        var job = await ReadAsync(id);
        Assert.Equal((JobStatus.Running, asked, "ada"), (job.Status, job.CancelRequestedAt, job.CanceledBy));
        Assert.Equal(new RenewResult(Held: true, CancelRequested: true), await worker.RenewAsync(lease));

        Assert.Equal(JobStatus.Canceled, (await worker.FinishAsync(lease, Make.Canceled)).To);
        await RestartAsync();
        job = await ReadAsync(id);
        Assert.Equal((JobStatus.Canceled, asked, "ada"), (job.Status, job.CancelRequestedAt, job.CanceledBy));
        AssertSame(Make.Canceled, job.Outcome);
    }

    [Fact]
    public async Task A_cancel_of_a_running_job_survives_a_restart()
    {
        var (worker, lease, id) = await RunningAsync(Make.Command());
        await CancelAsync(id);
        await RestartAsync();
        worker = await WorkerAsync(instance: worker.Description.InstanceId);
        Assert.Equal(new RenewResult(Held: true, CancelRequested: true), await worker.RenewAsync(lease));
    }

    [Fact]
    public async Task running_to_completed_when_it_was_faster_than_the_cancel()
    {
        var (worker, lease, id) = await RunningAsync(Make.Command());
        await CancelAsync(id);
        Assert.Equal(JobStatus.Completed, (await worker.FinishAsync(lease, Make.Completed)).To);
        Assert.NotNull((await ReadAsync(id)).CancelRequestedAt);
    }

    [Fact]
    public async Task running_to_failed_when_the_cancel_could_not_be_confirmed()
    {
        var (worker, lease, id) = await RunningAsync(Make.Command());
        await CancelAsync(id);
        var outcome = Make.Canceled with { Unconfirmed = true, Reason = FailureReasons.CancelUnconfirmed, Error = "Last seen alive." };
        Assert.Equal(JobStatus.Failed, (await worker.FinishAsync(lease, outcome)).To);
        AssertSame(outcome, (await ReadAsync(id)).Outcome);
    }

    [Theory]
    [InlineData(OutcomeKind.Failed, JobStatus.Failed)]
    [InlineData(OutcomeKind.TimedOut, JobStatus.Failed)]
    [InlineData(OutcomeKind.HandedBack, JobStatus.Canceled)]
    public async Task running_to_its_end_and_never_again_when_a_cancel_was_asked_for(OutcomeKind outcome, JobStatus end)
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await CancelAsync(id);
        Assert.Equal(end, (await worker.FinishAsync(lease, new() { Kind = outcome })).To);
        await PassAsync(TimeSpan.FromHours(2));
        await AssertStatusAsync(end, id);
    }

    [Fact]
    public async Task A_finished_job_is_not_canceled_and_an_unknown_one_not_found()
    {
        var id = await EndedAsync(Make.Task(), Make.Completed);
        var unknown = Guid.NewGuid();
        var waiting = await AddAsync(Make.Task());
        var changes = await Broker.CancelAsync([id, unknown, waiting, waiting], "ada");
        Assert.Equal(new(id, ChangeResult.Conflict, JobStatus.Completed, JobStatus.Completed, "default", 1, "w-1"), changes[0]);
        Assert.Equal(new(unknown, ChangeResult.NotFound, default, default, "", 0, null), changes[1]);
        Assert.Equal([ChangeResult.Done, ChangeResult.Conflict], changes.Skip(2).Select(c => c.Result));
        Assert.Null((await ReadAsync(id)).CancelRequestedAt);
    }

    [Fact]
    public async Task A_cancel_that_races_with_a_lease_has_one_result()
    {
        var ids = (await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 100)]))).Jobs.Select(j => j.Id).ToList();
        var worker = await WorkerAsync();
        var leasing = AtOnceAsync(1, async _ =>
        {
            var mine = new List<Guid>();
            while (await worker.TryLeaseAsync(3) is { Count: > 0 } leases)
                mine.AddRange(leases.Select(l => l.Token.JobId));
            return mine;
        });
        var canceled = await AtOnceAsync(4, async n => await Broker.CancelAsync([.. ids.Where((_, i) => i % 4 == n)], null));
        var leased = (await leasing)[0].ToHashSet();
        foreach (var change in canceled.SelectMany(c => c))
            Assert.Equal(leased.Contains(change.Id) ? ChangeResult.Accepted : ChangeResult.Done, change.Result);
        Assert.Equal(new JobCounts(0, 0, leased.Count, 0, 0, 0, 100 - leased.Count), await Broker.CountAsync(JobFilter.All));
    }

    [Fact]
    public async Task A_cancel_that_races_with_the_end_has_one_result()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(), 50)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(50);
        var changes = await AtOnceAsync(100, n => n % 2 == 0
            ? worker.FinishAsync(leases[n / 2], Make.Completed)
            : CancelAsync(leases[n / 2].Token.JobId));
        Assert.All(changes.Where((_, n) => n % 2 == 0), change => Assert.Equal((ChangeResult.Done, JobStatus.Completed), (change.Result, change.To)));
        foreach (var change in changes.Where((_, n) => n % 2 == 1))
        {
            Assert.Equal(change.Result == ChangeResult.Accepted ? JobStatus.Running : JobStatus.Completed, change.To);
            Assert.Equal(change.Result == ChangeResult.Accepted, (await ReadAsync(change.Id)).CancelRequestedAt is not null);
        }
    }

    [Fact]
    public async Task failed_to_queued_when_retried_with_fresh_attempts_and_the_same_id()
    {
        var spec = Make.Task() with { MaxAttempts = 2, Backoff = new() { Delay = TimeSpan.Zero } };
        var (worker, lease, id) = await RunningAsync(spec);
        await worker.FinishAsync(lease, Make.Failed);
        await worker.FinishAsync(await worker.LeaseOneAsync(), Make.Failed);
        await AssertStatusAsync(JobStatus.Failed, id);

        Assert.Equal(new JobChange(id, ChangeResult.Done, JobStatus.Failed, JobStatus.Queued, "default", 2, "w-1"), Assert.Single(await Broker.RetryAsync([id])));
        await RestartAsync();
        var job = await ReadAsync(id);
        Assert.Equal((JobStatus.Queued, 2, 0), (job.Status, job.Attempt, job.AttemptsUsed));
        Assert.Null(job.FinishedAt);
        Assert.Equal(2, job.Attempts.Count);

        worker = await WorkerAsync();
        lease = await worker.LeaseOneAsync();
        Assert.Equal(3, lease.Token.Attempt);
        Assert.Equal(JobStatus.Queued, (await worker.FinishAsync(lease, Make.Failed)).To);
        Assert.Equal(JobStatus.Failed, (await worker.FinishAsync(await worker.LeaseOneAsync(), Make.Failed)).To);
    }

    [Fact]
    public async Task failed_to_queued_forgets_that_a_cancel_was_asked_for()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        await CancelAsync(id);
        await worker.FinishAsync(lease, Make.Failed);
        await Broker.RetryAsync([id]);
        var job = await ReadAsync(id);
        Assert.Null(job.CancelRequestedAt);
        Assert.Null(job.CanceledBy);
        lease = await worker.LeaseOneAsync();
        Assert.Equal(new RenewResult(true, false), await worker.RenewAsync(lease));
        Assert.Equal(JobStatus.Retrying, (await worker.FinishAsync(lease, Make.Failed)).To);
    }

    [Fact]
    public async Task Only_failed_jobs_are_retried()
    {
        var completed = await EndedAsync(Make.Task(), Make.Completed);
        var failed = await EndedAsync(Make.Command(), Make.Failed);
        var (_, _, running) = await RunningAsync(Make.Task());
        var queued = await AddAsync(Make.Task());
        var canceled = await AddAsync(Make.Task());
        await CancelAsync(canceled);
        var changes = await Broker.RetryAsync([completed, failed, running, queued, canceled, Guid.NewGuid(), failed]);
        Assert.Equal(
            [ChangeResult.Conflict, ChangeResult.Done, ChangeResult.Conflict, ChangeResult.Conflict, ChangeResult.Conflict, ChangeResult.NotFound, ChangeResult.Conflict],
            changes.Select(c => c.Result));
        Assert.Equal(new JobCounts(0, 2, 1, 0, 1, 0, 1), await Broker.CountAsync(JobFilter.All));
    }

    [Fact]
    public async Task A_dead_letter_is_retried_once_by_concurrent_callers()
    {
        var id = await EndedAsync(Make.Command(), Make.Failed);
        var changes = await AtOnceAsync(16, async _ => Assert.Single(await Broker.RetryAsync([id])));
        Assert.Single(changes, c => c.Result == ChangeResult.Done);
        Assert.Single(await (await WorkerAsync()).TryLeaseAsync(5));
    }

    [Fact]
    public async Task A_finished_job_is_deleted_with_all_that_belongs_to_it()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task() with { UniqueKey = "u", Name = "findme" });
        await worker.AppendAsync(lease, Make.Entry(1, "text", Clock.GetUtcNow()));
        await worker.FinishAsync(lease, Make.Completed);
        Assert.Equal(ChangeResult.Done, Assert.Single(await Broker.DeleteAsync([id])).Result);
        await AssertGoneAsync();
        await RestartAsync();
        await AssertGoneAsync();
        Assert.Equal(ChangeResult.NotFound, Assert.Single(await Broker.DeleteAsync([id])).Result);

        async Task AssertGoneAsync()
        {
            Assert.Null(Assert.Single(await Broker.GetAsync([id])));
            Assert.Null(await Broker.ReadOutputAsync(new(id)));
            Assert.Empty((await Broker.ListAsync(new(new() { Text = "findme" }))).Items);
            Assert.Equal(0, (await Broker.CountAsync(JobFilter.All)).Total);
        }
    }

    [Fact]
    public async Task Only_finished_jobs_are_deleted()
    {
        var failed = await EndedAsync(Make.Command(), Make.Failed);
        var (_, _, running) = await RunningAsync(Make.Task());
        var queued = await AddAsync(Make.Task());
        var scheduled = await AddAsync(Make.Task() with { Delay = TimeSpan.FromHours(1) });
        var changes = await Broker.DeleteAsync([running, queued, scheduled, failed, failed]);
        Assert.Equal([ChangeResult.Conflict, ChangeResult.Conflict, ChangeResult.Conflict, ChangeResult.Done, ChangeResult.NotFound], changes.Select(c => c.Result));
        Assert.Equal(new JobCounts(1, 1, 1, 0, 0, 0, 0), await Broker.CountAsync(JobFilter.All));
    }
}
