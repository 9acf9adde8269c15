using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    [Fact]
    public async Task running_to_failed_when_the_worker_is_lost_and_the_job_may_not_run_twice()
    {
        var (_, _, id) = await RunningAsync(Make.Command() with { MaxAttempts = 5, OnWorkerLost = WorkerLostPolicy.Fail });
        await PassAsync(Make.LeaseDuration - TimeSpan.FromMilliseconds(1));
        await AssertStatusAsync(JobStatus.Running, id);
        await PassAsync(0.001);

        var job = await ReadAsync(id);
        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Equal((OutcomeKind.WorkerLost, FailureReasons.WorkerLost), (job.Outcome!.Kind, job.Outcome.Reason));
        Assert.NotEmpty(job.Outcome.Error!);
        Assert.Equal(OutcomeKind.WorkerLost, Assert.Single(job.Attempts).Outcome!.Kind);
        Assert.Equal(Clock.GetUtcNow(), job.FinishedAt);
        Assert.Empty(await (await WorkerAsync("w-2")).TryLeaseAsync());
    }

    [Fact]
    public async Task running_to_retrying_when_the_worker_is_lost_and_the_job_may_run_again()
    {
        var (_, _, id) = await RunningAsync(Make.Task());
        await PassAsync(Make.LeaseDuration);
        var job = await ReadAsync(id);
        Assert.Equal((JobStatus.Retrying, 1, 1), (job.Status, job.Attempt, job.AttemptsUsed));
        Assert.Equal(Clock.GetUtcNow().AddSeconds(10), job.RunAt);
        await PassAsync(10);
        Assert.Equal(new LeaseToken(id, 2), (await (await WorkerAsync("w-2")).LeaseOneAsync()).Token);
    }

    [Fact]
    public async Task running_to_failed_when_workers_are_lost_as_often_as_it_may_be_tried()
    {
        var id = await AddAsync(Make.Task() with { MaxAttempts = 2, Backoff = new() { Delay = TimeSpan.Zero } });
        var worker = await WorkerAsync();
        await worker.LeaseOneAsync();
        await PassAsync(Make.LeaseDuration);
        await worker.LeaseOneAsync();
        await PassAsync(Make.LeaseDuration);
        await AssertStatusAsync(JobStatus.Failed, id);
    }

    [Fact]
    public async Task running_to_failed_when_the_worker_is_lost_after_a_cancel_was_asked_for()
    {
        var (_, _, id) = await RunningAsync(Make.Task());
        await CancelAsync(id);
        await PassAsync(Make.LeaseDuration);
        await AssertStatusAsync(JobStatus.Failed, id);
    }

    [Fact]
    public async Task Attempts_of_an_earlier_instance_are_lost_when_its_worker_is_started_anew()
    {
        var instance = Guid.NewGuid();
        var command = await AddAsync(Make.Command());
        var task = await AddAsync(Make.Task());
        var foreign = await AddAsync(Make.Command());
        var worker = await WorkerAsync("w-1", instance);
        var leases = await worker.LeaseAsync(2);
        await (await WorkerAsync("w-2")).LeaseOneAsync();

        // The same instance, only reconnected, keeps what it has.
        worker = await WorkerAsync("w-1", instance);
        Assert.True((await worker.RenewAsync(leases[0])).Held);

        await WorkerAsync("w-1", Guid.NewGuid());
        await AssertStatusAsync(JobStatus.Failed, command);
        await AssertStatusAsync(JobStatus.Retrying, task);
        await AssertStatusAsync(JobStatus.Running, foreign);
        Assert.Equal(OutcomeKind.WorkerLost, (await ReadAsync(command)).Outcome!.Kind);
        Assert.False((await worker.RenewAsync(leases[0])).Held);
    }

    [Fact]
    public async Task A_running_job_is_still_its_workers_after_a_restart_of_the_store()
    {
        var instance = Guid.NewGuid();
        var command = await AddAsync(Make.Command());
        var task = await AddAsync(Make.Task());
        var leases = await (await WorkerAsync("w-1", instance)).LeaseAsync(2);
        await RestartAsync();
        await _system.RunDutiesAsync();

        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Running);
        var worker = await WorkerAsync("w-1", instance);
        Assert.Empty(await worker.TryLeaseAsync(2));
        Assert.All(await worker.Session.RenewAsync([.. leases.Select(l => l.Token)]), renewed => Assert.True(renewed.Held));
        Assert.True(await worker.AppendAsync(leases[0], Make.Entry(1, "still here", Clock.GetUtcNow())));
        Assert.Equal(JobStatus.Completed, (await worker.FinishAsync(leases[0], Make.Completed)).To);
        await PassAsync(Make.LeaseDuration);
        await AssertStatusAsync(JobStatus.Completed, command);
        await AssertStatusAsync(JobStatus.Retrying, task);
    }

    [Fact]
    public async Task A_running_job_whose_worker_does_not_come_back_is_lost_after_a_restart_of_the_store()
    {
        var (_, _, command) = await RunningAsync(Make.Command());
        var (_, _, task) = await RunningAsync(Make.Task());
        await RestartAsync();
        await PassAsync(Make.LeaseDuration);
        await AssertStatusAsync(JobStatus.Failed, command);
        await AssertStatusAsync(JobStatus.Retrying, task);
    }

    [Fact]
    public async Task A_restart_of_store_and_worker_together_loses_the_attempts_of_the_earlier_instance()
    {
        var (_, _, command) = await RunningAsync(Make.Command());
        var (_, _, task) = await RunningAsync(Make.Task());
        await RestartAsync();
        await WorkerAsync("w-1", Guid.NewGuid());
        await AssertStatusAsync(JobStatus.Failed, command);
        await AssertStatusAsync(JobStatus.Retrying, task);
    }

    [Fact]
    public async Task An_attempt_ends_once_when_its_lease_runs_out_while_it_finishes()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { MaxAttempts = 1 }, 40)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(40);
        Clock.Advance(Make.LeaseDuration);
        var finishes = AtOnceAsync(leases.Count, n => worker.FinishAsync(leases[n], Make.Completed));
        await _system.RunDutiesAsync();
        foreach (var change in await finishes)
        {
            var job = await ReadAsync(change.Id);
            Assert.Equal(change.Result == ChangeResult.Done ? JobStatus.Completed : JobStatus.Failed, job.Status);
            Assert.Equal(1, job.AttemptsUsed);
        }
    }
}
