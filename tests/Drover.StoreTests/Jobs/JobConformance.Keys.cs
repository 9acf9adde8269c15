using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    [Fact]
    public async Task A_unique_key_is_taken_while_its_job_is_not_finished()
    {
        var spec = Make.Task() with { UniqueKey = "u", MaxAttempts = 2 };
        var id = await AddAsync(spec);
        await AssertTakenAsync(JobStatus.Queued);
        var worker = await WorkerAsync();
        var lease = await worker.LeaseOneAsync();
        await AssertTakenAsync(JobStatus.Running);
        await worker.FinishAsync(lease, Make.Failed);
        await AssertTakenAsync(JobStatus.Retrying);
        await RestartAsync();
        await AssertTakenAsync(JobStatus.Retrying);
        await Broker.UpdateAsync(id, new(RunAt: Clock.GetUtcNow().AddHours(1)));
        await AssertTakenAsync(JobStatus.Scheduled);

        async Task AssertTakenAsync(JobStatus status)
        {
            // Neither another queue nor another type makes it another key.
            var again = Assert.Single((await Broker.EnqueueAsync(new(Make.Command() with { UniqueKey = "u", Queue = "elsewhere" }))).Jobs);
            Assert.Equal(new EnqueuedJob(id, status, Duplicate: true), again);
        }
    }

    [Fact]
    public async Task A_unique_key_is_free_again_when_its_job_has_ended()
    {
        var spec = Make.Task() with { UniqueKey = "u", MaxAttempts = 1 };
        var completed = await EndedAsync(spec, Make.Completed);
        var failed = await EndedAsync(spec, Make.Failed);
        var canceled = await AddAsync(spec);
        await Broker.CancelAsync([canceled], null);
        await RestartAsync();
        var last = await AddAsync(spec);
        Assert.Equal(4, new[] { completed, failed, canceled, last }.Distinct().Count());
    }

    [Fact]
    public async Task A_unique_key_that_is_freed_at_the_start_is_taken_only_while_its_job_waits_for_its_first_attempt()
    {
        var spec = Make.Task() with { UniqueKey = "u", MaxAttempts = 3, Unique = new(UniqueUntil.Started) };
        var first = await AddAsync(spec);
        await AssertTakenByAsync(first);
        var worker = await WorkerAsync();
        var lease = await worker.LeaseOneAsync();
        var second = await AddAsync(spec);
        Assert.NotEqual(first, second);
        await AssertTakenByAsync(second);

        // What has started never takes it again, and does not free it when it ends.
        await worker.FinishAsync(lease, Make.HandedBack);
        await AssertTakenByAsync(second);
        lease = await worker.LeaseOneAsync();
        Assert.Equal(first, lease.Token.JobId);
        await worker.FinishAsync(lease, Make.Failed);
        await RestartAsync();
        await AssertTakenByAsync(second);
        await Broker.CancelAsync([first], null);
        await AssertTakenByAsync(second);
        await Broker.CancelAsync([second], null);
        Assert.NotEqual(second, await AddAsync(spec));

        async Task AssertTakenByAsync(Guid id) =>
            Assert.Equal((id, true), (await Broker.EnqueueAsync(new(spec))).Jobs.Select(job => (job.Id, job.Duplicate)).Single());
    }

    [Fact]
    public async Task A_failed_job_whose_key_was_freed_at_the_start_is_retried_whoever_has_it_now()
    {
        var spec = Make.Task() with { UniqueKey = "u", MaxAttempts = 1, Unique = new(UniqueUntil.Started) };
        var failed = await EndedAsync(spec, Make.Failed);
        var waiting = await AddAsync(spec);
        Assert.Equal(ChangeResult.Done, Assert.Single(await Broker.RetryAsync([failed])).Result);
        await RestartAsync();
        Assert.Equal(waiting, Assert.Single((await Broker.EnqueueAsync(new(spec))).Jobs).Id);
    }

    [Fact]
    public async Task A_unique_key_counts_within_its_own_batch()
    {
        var jobs = (await Broker.EnqueueAsync(new(
            [Make.Task() with { UniqueKey = "u" }, Make.Task(), Make.Task() with { UniqueKey = "u" }, Make.Task() with { UniqueKey = "U" }]))).Jobs;
        Assert.Equal([false, false, true, false], jobs.Select(j => j.Duplicate));
        Assert.Equal(jobs[0].Id, jobs[2].Id);
        Assert.Equal(3, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task A_unique_key_makes_one_job_of_many_concurrent_callers()
    {
        var results = await AtOnceAsync(32, async n => Assert.Single((await Broker.EnqueueAsync(new(Make.Task() with { UniqueKey = "u", Name = $"{n}" }))).Jobs));
        Assert.Single(results, r => !r.Duplicate);
        Assert.Single(results.Select(r => r.Id).Distinct());
        Assert.Equal(1, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task failed_stays_failed_when_its_unique_key_is_taken_meanwhile()
    {
        var spec = Make.Task() with { UniqueKey = "u", MaxAttempts = 1 };
        var first = await EndedAsync(spec, Make.Failed);
        var second = await EndedAsync(spec, Make.Failed);

        var changes = await Broker.RetryAsync([first, second]);
        Assert.Equal([ChangeResult.Done, ChangeResult.Conflict], changes.Select(c => c.Result));
        Assert.Equal(JobStatus.Failed, changes[1].To);
        Assert.Equal(new EnqueuedJob(first, JobStatus.Queued, Duplicate: true), Assert.Single((await Broker.EnqueueAsync(new(spec))).Jobs));
    }

    [Fact]
    public async Task An_idempotency_key_answers_the_second_request_with_the_first_answer()
    {
        var request = new EnqueueRequest([Make.Task(), Make.Task() with { Delay = TimeSpan.FromHours(1) }], "key", "print");
        var first = await Broker.EnqueueAsync(request);
        await Broker.CancelAsync([first.Jobs[0].Id], null);
        await RestartAsync();
        Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));

        var second = await Broker.EnqueueAsync(request);
        Assert.True(second.Replayed);
        Assert.Equal(first.Jobs, second.Jobs);
        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task An_idempotency_key_of_another_request_is_a_conflict()
    {
        await Broker.EnqueueAsync(new([Make.Task()], "key", "print"));
        await Assert.ThrowsAsync<IdempotencyConflictException>(async () => await Broker.EnqueueAsync(new([Make.Task()], "key", "other")));
        await RestartAsync();
        await Assert.ThrowsAsync<IdempotencyConflictException>(async () => await Broker.EnqueueAsync(new([Make.Task()], "key", "other")));
        Assert.Equal(1, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task A_queue_is_listed_from_its_first_accepted_job_on()
    {
        await Broker.EnqueueAsync(new([Make.Task()], "key", "print"));
        await Assert.ThrowsAsync<IdempotencyConflictException>(async () => await Broker.EnqueueAsync(new([Make.Task() with { Queue = "new" }], "key", "other")));
        Assert.DoesNotContain(await Broker.ListQueuesAsync(), q => q.Queue.Name == "new");

        await Broker.EnqueueAsync(new([Make.Task() with { Queue = "new" }], "another", "other"));
        await AddAsync(Make.Task() with { Queue = "newer" });
        string[] names = ["new", "newer"];
        Assert.Equal(names, (await Broker.ListQueuesAsync()).Select(q => q.Queue.Name).Where(names.Contains));
    }

    [Fact]
    public async Task An_idempotency_key_is_free_again_after_a_day()
    {
        var request = new EnqueueRequest([Make.Task()], "key", "print");
        var first = await Broker.EnqueueAsync(request);
        Clock.Advance(TimeSpan.FromHours(24));
        var second = await Broker.EnqueueAsync(request with { Fingerprint = "other" });
        Assert.False(second.Replayed);
        Assert.NotEqual(first.Jobs[0].Id, second.Jobs[0].Id);
        Assert.True((await Broker.EnqueueAsync(request with { Fingerprint = "other" })).Replayed);
    }

    [Fact]
    public async Task An_idempotency_key_makes_one_answer_for_many_concurrent_callers()
    {
        var request = new EnqueueRequest([Make.Task(), Make.Task()], "key", "print");
        var results = await AtOnceAsync(32, _ => Broker.EnqueueAsync(request).AsTask());
        Assert.Single(results, r => !r.Replayed);
        Assert.All(results, r => Assert.Equal(results[0].Jobs, r.Jobs));
        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Total);
    }
}
