using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Brokers;

/// <summary>Chains and batches: jobs that wait for others.</summary>
public abstract partial class BrokerConformance
{
    /// <summary>A chain: each job waits for the one before.</summary>
    private async Task<List<Guid>> ChainAsync(int length, AfterOutcome on = AfterOutcome.Success, TimeSpan? delay = null)
    {
        var first = JobId.New(Clock);
        var specs = Enumerable.Range(0, length).Select(n => n == 0
            ? Make.Command()
            : Make.Command() with { After = new(JobId.Following(first, n - 1), on), Delay = delay });
        var result = await Broker.EnqueueAsync(new([.. specs]) { FirstId = first });
        Assert.Equal(JobStatus.Queued, result.Jobs[0].Status);
        Assert.All(result.Jobs.Skip(1), job => Assert.Equal(JobStatus.Scheduled, job.Status));
        return [.. result.Jobs.Select(job => job.Id)];
    }

    /// <summary>A batch with a job that waits for it; answers that job's id first.</summary>
    private async Task<List<Guid>> BatchAsync(int size, AfterOutcome on = AfterOutcome.Success, Guid? id = null)
    {
        var batch = id ?? JobId.New(Clock);
        var done = Make.Command("after") with { After = new(batch, on) { IsBatch = true } };
        var specs = Enumerable.Range(0, size).Select(_ => Make.Command() with { BatchId = batch, Tags = ["some"] });
        return [.. (await Broker.EnqueueAsync(new([done, .. specs]))).Jobs.Select(job => job.Id)];
    }

    private async Task AssertStatusAsync(Guid id, JobStatus status)
    {
        // On a shared store another node's news may come a moment later.
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        await _system.RunDutiesAsync();
        while ((await ReadAsync(id)).Status != status)
        {
            Assert.False(patience.IsCancellationRequested, $"The job is {(await ReadAsync(id)).Status}, not {status}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
            await _system.RunDutiesAsync();
        }
    }

    private async Task FinishNextAsync(TestWorker worker, Guid expected, AttemptOutcome outcome)
    {
        var lease = await worker.LeaseOneAsync();
        Assert.Equal(expected, lease.Token.JobId);
        await worker.FinishAsync(lease, outcome);
        await _system.RunDutiesAsync();
    }

    [Fact]
    public async Task A_job_of_a_chain_starts_when_the_one_before_has_completed()
    {
        var chain = await ChainAsync(3);
        var worker = await WorkerAsync();
        await _system.RunDutiesAsync();
        foreach (var id in chain)
        {
            await AssertStatusAsync(id, JobStatus.Queued);
            Assert.Empty((await worker.TryLeaseAsync(5)).Where(l => l.Token.JobId != id).ToList());
            await worker.FinishAsync(new Lease { Token = new(id, 1), Spec = Make.Command(), ReadyAt = default, StartedAt = default, FirstOutputSeq = 1 }, Make.Completed);
            await _system.RunDutiesAsync();
        }

        Assert.All(await Broker.GetAsync(chain), job => Assert.Equal(JobStatus.Completed, job!.Status));
    }

    [Fact]
    public async Task A_waiting_job_of_a_chain_can_be_told_and_waits_however_late_it_is()
    {
        var chain = await ChainAsync(2);
        await PassAsync(TimeSpan.FromDays(4000));
        var job = await ReadAsync(chain[1]);
        Assert.True(HeldJobs.IsHeld(job));
        Assert.Equal(chain[0], job.Spec.After!.Id);
        Assert.Equal([HeldJobs.Tag], job.Spec.Tags);
    }

    [Fact]
    public async Task A_chain_waits_for_the_retry_of_a_job_that_failed_and_then_goes_on()
    {
        var chain = await ChainAsync(2);
        var worker = await WorkerAsync();
        await FinishNextAsync(worker, chain[0], Make.Failed);
        Assert.True(HeldJobs.IsHeld(await ReadAsync(chain[1])));
        await Broker.RetryAsync([chain[0]]);
        await FinishNextAsync(worker, chain[0], Make.Completed);
        await AssertStatusAsync(chain[1], JobStatus.Queued);
    }

    [Fact]
    public async Task A_chain_is_canceled_from_the_job_on_that_is_canceled()
    {
        var chain = await ChainAsync(4);
        await Broker.CancelAsync([chain[1]], "ada");
        await AssertStatusAsync(chain[2], JobStatus.Canceled);
        await AssertStatusAsync(chain[3], JobStatus.Canceled);
        Assert.Contains(chain[1].ToString(), (await ReadAsync(chain[2])).CanceledBy, StringComparison.Ordinal);
        Assert.Equal(JobStatus.Queued, (await ReadAsync(chain[0])).Status);
    }

    [Fact]
    public async Task A_chain_is_canceled_when_the_failed_job_it_waits_for_is_deleted()
    {
        var chain = await ChainAsync(2);
        var worker = await WorkerAsync();
        await FinishNextAsync(worker, chain[0], Make.Failed);
        await Broker.DeleteAsync([chain[0]]);
        await AssertStatusAsync(chain[1], JobStatus.Canceled);
    }

    [Fact]
    public async Task A_job_that_always_follows_runs_after_a_failure_and_after_a_cancel()
    {
        var (failed, canceled) = (await ChainAsync(2, AfterOutcome.Always), await ChainAsync(2, AfterOutcome.Always));
        await Broker.CancelAsync([canceled[0]], null);
        await AssertStatusAsync(canceled[1], JobStatus.Queued);
        await Broker.CancelAsync([canceled[1]], null);
        await FinishNextAsync(await WorkerAsync(), failed[0], Make.Failed);
        await AssertStatusAsync(failed[1], JobStatus.Queued);
    }

    [Fact]
    public async Task The_delay_of_a_job_in_a_chain_counts_from_the_end_of_the_one_before()
    {
        var chain = await ChainAsync(2, delay: TimeSpan.FromMinutes(5));
        var worker = await WorkerAsync();
        await PassAsync(TimeSpan.FromMinutes(20));
        await FinishNextAsync(worker, chain[0], Make.Completed);
        await PassAsync(TimeSpan.FromMinutes(4.9));
        Assert.Equal(JobStatus.Scheduled, (await ReadAsync(chain[1])).Status);
        await PassAsync(TimeSpan.FromMinutes(0.2));
        await AssertStatusAsync(chain[1], JobStatus.Queued);
    }

    [Fact]
    public async Task A_job_may_wait_for_one_that_was_there_before_and_does_not_wait_for_one_that_has_completed()
    {
        var worker = await WorkerAsync();
        var first = await AddAsync(Make.Command());
        var early = await AddAsync(Make.Command() with { After = new(first) });
        Assert.Equal(JobStatus.Scheduled, (await ReadAsync(early)).Status);
        await FinishNextAsync(worker, first, Make.Completed);
        await AssertStatusAsync(early, JobStatus.Queued);
        var late = await AddAsync(Make.Command() with { After = new(first) });
        await AssertStatusAsync(late, JobStatus.Queued);
    }

    [Fact]
    public async Task A_chain_goes_on_after_a_restart_between_the_end_of_a_job_and_the_next()
    {
        var chain = await ChainAsync(3);
        var worker = await WorkerAsync();
        var lease = await worker.LeaseOneAsync();
        await worker.FinishAsync(lease, Make.Completed);
        // Nobody has looked yet: the broker that knew of it is gone.
        await _system.RestartAsync();
        await AssertStatusAsync(chain[1], JobStatus.Queued);
        worker = await WorkerAsync();
        await FinishNextAsync(worker, chain[1], Make.Completed);
        await AssertStatusAsync(chain[2], JobStatus.Queued);
    }

    [Fact]
    public async Task A_waiting_job_can_be_freed_by_hand_and_is_then_left_alone()
    {
        var chain = await ChainAsync(2);
        await Broker.UpdateAsync(chain[1], new(null, Clock.GetUtcNow()));
        Assert.Equal(JobStatus.Queued, (await ReadAsync(chain[1])).Status);
        await Broker.CancelAsync([chain[0]], null);
        await _system.RunDutiesAsync();
        Assert.Equal(JobStatus.Queued, (await ReadAsync(chain[1])).Status);
    }

    [Fact]
    public async Task What_waits_for_nothing_there_is_refused_and_creates_nothing()
    {
        var refused = await Assert.ThrowsAsync<JobValidationException>(async () => await Broker.EnqueueAsync(new([Make.Command(), Make.Command() with { After = new(Guid.NewGuid()) }])));
        Assert.Contains("jobs[1].after", refused.Errors.Keys);
        refused = await Assert.ThrowsAsync<JobValidationException>(async () => await AddAsync(Make.Command() with { After = new(Guid.NewGuid()) { IsBatch = true } }));
        Assert.Contains("after", refused.Errors.Keys);
        Assert.Equal(0, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task The_job_after_a_batch_starts_when_all_its_jobs_have_completed()
    {
        var batch = await BatchAsync(3);
        var worker = await WorkerAsync();
        await _system.RunDutiesAsync();
        foreach (var id in batch.Skip(1))
        {
            Assert.True(HeldJobs.IsHeld(await ReadAsync(batch[0])));
            await FinishNextAsync(worker, id, Make.Completed);
        }

        await AssertStatusAsync(batch[0], JobStatus.Queued);
    }

    [Fact]
    public async Task The_jobs_of_a_batch_are_counted_by_status_under_its_id()
    {
        var id = JobId.New(Clock);
        var batch = await BatchAsync(3, id: id);
        await AddAsync(Make.Command());
        var worker = await WorkerAsync();
        await FinishNextAsync(worker, batch[1], Make.Completed);
        var counts = await Broker.CountAsync(new() { OriginId = id });
        Assert.Equal((3L, 1L, 2L), (counts.Total, counts.Completed, counts.Queued));
        var listed = await Broker.ListAsync(new(new() { OriginId = id }, JobSort.CreatedAscending));
        Assert.Equal(batch.Skip(1), listed.Items.Select(job => job.Id));
        Assert.All(listed.Items, job => Assert.Equal(id, job.Spec.BatchId));
    }

    [Fact]
    public async Task The_job_after_a_batch_waits_for_the_retry_of_what_failed()
    {
        var batch = await BatchAsync(2);
        var worker = await WorkerAsync();
        await FinishNextAsync(worker, batch[1], Make.Failed);
        await FinishNextAsync(worker, batch[2], Make.Completed);
        Assert.True(HeldJobs.IsHeld(await ReadAsync(batch[0])));
        await Broker.RetryAsync([batch[1]]);
        await FinishNextAsync(worker, batch[1], Make.Completed);
        await AssertStatusAsync(batch[0], JobStatus.Queued);
    }

    [Fact]
    public async Task The_job_after_a_batch_starts_when_what_failed_is_deleted()
    {
        var batch = await BatchAsync(2);
        var worker = await WorkerAsync();
        await FinishNextAsync(worker, batch[1], Make.Failed);
        await FinishNextAsync(worker, batch[2], Make.Completed);
        await Broker.DeleteAsync([batch[1]]);
        await AssertStatusAsync(batch[0], JobStatus.Queued);
    }

    [Fact]
    public async Task The_job_after_a_batch_is_canceled_with_a_job_of_the_batch_but_not_when_it_always_follows()
    {
        var (success, always) = (await BatchAsync(2), await BatchAsync(2, AfterOutcome.Always));
        await Broker.CancelAsync([success[1], success[2], always[1], always[2]], null);
        await AssertStatusAsync(success[0], JobStatus.Canceled);
        await AssertStatusAsync(always[0], JobStatus.Queued);
    }

    [Fact]
    public async Task A_batch_goes_on_after_a_restart()
    {
        var batch = await BatchAsync(2);
        var worker = await WorkerAsync();
        await FinishNextAsync(worker, batch[1], Make.Completed);
        await _system.RestartAsync();
        await _system.RunDutiesAsync();
        Assert.True(HeldJobs.IsHeld(await ReadAsync(batch[0])));
        worker = await WorkerAsync();
        await FinishNextAsync(worker, batch[2], Make.Completed);
        await AssertStatusAsync(batch[0], JobStatus.Queued);
    }

    [Fact]
    public async Task A_chain_sent_twice_under_one_idempotency_key_is_there_once()
    {
        var (one, two) = (JobId.New(Clock), JobId.New(Clock));
        EnqueueRequest Request(Guid first) => new([Make.Command(), Make.Command() with { After = new(first) }], "key", "print") { FirstId = first };
        var sent = await Broker.EnqueueAsync(Request(one));
        var again = await Broker.EnqueueAsync(Request(two));
        Assert.True(again.Replayed);
        Assert.Equal(sent.Jobs.Select(j => j.Id), again.Jobs.Select(j => j.Id));
        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Total);
    }
}
