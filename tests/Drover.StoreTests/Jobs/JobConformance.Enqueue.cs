using System.Text;
using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    [Fact]
    public async Task new_to_queued_when_accepted()
    {
        var spec = Make.Task();
        var accepted = Assert.Single((await Broker.EnqueueAsync(new(spec))).Jobs);
        Assert.Equal(JobStatus.Queued, accepted.Status);
        Assert.False(accepted.Duplicate);

        var job = await ReadAsync(accepted.Id);
        Assert.Equal(JobStatus.Queued, job.Status);
        Assert.Equal(Clock.GetUtcNow(), job.CreatedAt);
        Assert.Equal(5, job.Priority);
        Assert.Equal(0, job.Attempt);
        Assert.Equal(0, job.AttemptsUsed);
        Assert.Empty(job.Attempts);
        Assert.Null(job.RunAt);
        Assert.Null(job.StartedAt);
        Assert.Null(job.FinishedAt);
        Assert.Null(job.Outcome);
        Assert.Null(job.CancelRequestedAt);
        Assert.Null(job.WorkerId);
        Assert.Equal(7, job.Id.Version);
    }

    [Fact]
    public async Task new_to_scheduled_when_its_time_is_to_come()
    {
        var later = Clock.GetUtcNow().AddMinutes(5);
        var jobs = (await Broker.EnqueueAsync(new([Make.Task() with { RunAt = later }, Make.Task() with { Delay = TimeSpan.FromMinutes(7) }]))).Jobs;
        Assert.All(jobs, job => Assert.Equal(JobStatus.Scheduled, job.Status));
        Assert.Equal(later, (await ReadAsync(jobs[0].Id)).RunAt);
        Assert.Equal(Clock.GetUtcNow().AddMinutes(7), (await ReadAsync(jobs[1].Id)).RunAt);
        Assert.Empty(await (await WorkerAsync()).TryLeaseAsync(2));
    }

    [Fact]
    public async Task new_to_queued_when_its_time_has_come_already()
    {
        var jobs = (await Broker.EnqueueAsync(new(
            [Make.Task() with { RunAt = Clock.GetUtcNow().AddMinutes(-5) }, Make.Task() with { Delay = TimeSpan.Zero }]))).Jobs;
        Assert.All(jobs, job => Assert.Equal(JobStatus.Queued, job.Status));
        Assert.Null((await ReadAsync(jobs[0].Id)).RunAt);
        Assert.Equal(2, (await (await WorkerAsync()).LeaseAsync(2)).Count);
    }

    [Fact]
    public async Task An_accepted_job_survives_a_restart_with_all_that_was_asked_for()
    {
        var task = Make.Task("send") with
        {
            Name = "Letter \U0001F4EC with 'quotes' and \"more\"",
            Queue = "mail",
            Priority = 2,
            Timeout = TimeSpan.FromSeconds(61.5),
            MaxAttempts = 7,
            Backoff = new() { Kind = BackoffKind.Linear, Delay = TimeSpan.FromMilliseconds(1500), Max = TimeSpan.FromHours(2), Jitter = 0.25 },
            Delay = TimeSpan.FromHours(1),
            Tags = ["a", "b c", "ü;|,"],
            UniqueKey = "letter-1",
            WorkerLabels = ["zone=b", "gpu"],
            Task = new() { JobType = "send", Payload = "{\"to\":\"\\u00e9 é\"}"u8.ToArray(), TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
            OriginId = Guid.NewGuid(),
            CreatedBy = "ada",
        };
        var command = Make.Command() with
        {
            RunAt = Clock.GetUtcNow().AddMilliseconds(61_001),
            Shell = new()
            {
                ServerId = "s-9",
                ServerName = "web 9",
                Command = "tar",
                Args = ["-czf", "/tmp/my backup.tgz", "", "a\tb\nc", "\u0001"],
                Shell = "/bin/bash",
                Env = new Dictionary<string, string> { ["LANG"] = "C", ["EMPTY"] = "" },
                WorkingDir = "/srv/with space",
                Stdin = "line 1\nline 2",
                Pty = true,
                Unbuffered = true,
            },
        };
        var script = Make.Script("#!/bin/sh\r\necho \"$1\"\n") with { OnWorkerLost = WorkerLostPolicy.Retry, Timeout = TimeSpan.Zero };
        var shellText = Make.Command("ls") with { Shell = Make.Command("ls").Shell! with { ArgsText = "-la *.txt | wc" } };
        JobSpec[] specs = [task, command, script, shellText];
        var accepted = (await Broker.EnqueueAsync(new(specs))).Jobs;
        var before = await Broker.GetAsync([.. accepted.Select(j => j.Id)]);

        await RestartAsync();

        var after = await Broker.GetAsync([.. accepted.Select(j => j.Id)]);
        AssertSame(before, after);
        for (int n = 0; n < specs.Length; n++)
            AssertSame(specs[n], after[n]!.Spec);
    }

    [Fact]
    public async Task A_spec_reaches_the_worker_unchanged()
    {
        var spec = Make.Task() with { Tags = ["x"], Task = new() { JobType = "echo", Payload = Encoding.UTF8.GetBytes($"\"{new string('é', 100_000)}\"") } };
        var (_, lease, _) = await RunningAsync(spec);
        AssertSame(spec, lease.Spec);
    }

    [Fact]
    public async Task A_payload_may_be_written_over_by_its_owner_afterwards()
    {
        byte[] buffer = "{\"n\":1}"u8.ToArray();
        var id = await AddAsync(Make.Task() with { Task = new() { JobType = "echo", Payload = buffer } });
        Array.Fill(buffer, (byte)'x');
        Assert.Equal("{\"n\":1}"u8.ToArray(), (await ReadAsync(id)).Spec.Task!.Payload.ToArray());
    }

    [Fact]
    public async Task Jobs_of_a_batch_are_accepted_in_order()
    {
        var result = await Broker.EnqueueAsync(new([.. Enumerable.Range(0, 200).Select(n => Make.Task() with { Name = $"n{n}" })]));
        Assert.False(result.Replayed);
        var jobs = await Broker.GetAsync([.. result.Jobs.Select(j => j.Id)]);
        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"n{n}"), jobs.Select(j => j!.Spec.Name));
        Assert.Equal(jobs.OrderBy(j => j!.Seq), jobs);
        Assert.Equal(200, jobs.Select(j => j!.Seq).Distinct().Count());
    }

    [Fact]
    public async Task Every_job_of_many_concurrent_callers_is_accepted_once()
    {
        var results = await AtOnceAsync(32, n => Broker.EnqueueAsync(
            new([.. Enumerable.Range(0, 25).Select(m => Make.Task() with { Name = $"{n}/{m}" })])).AsTask());
        var ids = results.SelectMany(r => r.Jobs).Select(j => j.Id).ToList();
        Assert.Equal(800, ids.Distinct().Count());
        Assert.Equal(new JobCounts(0, 800, 0, 0, 0, 0, 0), await Broker.CountAsync(JobFilter.All));

        await RestartAsync();
        var jobs = await Broker.GetAsync(ids);
        Assert.Equal(800, jobs.Select(j => j!.Seq).Distinct().Count());
        Assert.Equal(results.SelectMany((_, n) => Enumerable.Range(0, 25).Select(m => $"{n}/{m}")), jobs.Select(j => j!.Spec.Name));
    }

    [Fact]
    public async Task A_large_batch_is_accepted_whole()
    {
        var result = await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(), JobRules.MaxBatch)]));
        Assert.Equal(JobRules.MaxBatch, result.Jobs.Select(j => j.Id).Distinct().Count());
        Assert.Equal(JobRules.MaxBatch, (await Broker.CountAsync(JobFilter.All)).Queued);
    }

    [Fact]
    public async Task A_queue_refuses_more_than_it_may_hold_and_takes_nothing_of_the_batch()
    {
        await UseAsync(new() { MaxSize = 3 });
        await Broker.EnqueueAsync(new([Make.Task() with { Queue = "small" }, Make.Task() with { Queue = "small", Delay = TimeSpan.FromHours(1) }]));

        var refused = await Assert.ThrowsAsync<QueueFullException>(async () => await Broker.EnqueueAsync(
            new([Make.Task() with { Queue = "other" }, Make.Task() with { Queue = "small" }, Make.Task() with { Queue = "small" }], "key", "print")));
        Assert.Equal(("small", 3L), (refused.Queue, refused.Limit));
        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Total);

        // A refused request leaves no trace: its key is free.
        var accepted = await Broker.EnqueueAsync(new([Make.Task() with { Queue = "small" }], "key", "another print"));
        Assert.False(accepted.Replayed);
        await Assert.ThrowsAsync<QueueFullException>(async () => await AddAsync(Make.Task() with { Queue = "small" }));
    }

    [Fact]
    public async Task Jobs_that_wait_for_their_backoff_take_room_in_a_queue()
    {
        await UseAsync(new() { MaxSize = 1 });
        var (worker, lease, _) = await RunningAsync(Make.Task());
        await worker.FinishAsync(lease, Make.Failed);
        await Assert.ThrowsAsync<QueueFullException>(async () => await AddAsync(Make.Task()));
    }

    [Fact]
    public async Task Running_and_finished_jobs_take_no_room_in_a_queue()
    {
        await UseAsync(new() { MaxSize = 1 });
        var (worker, lease, _) = await RunningAsync(Make.Task());
        await AddAsync(Make.Task());
        await Assert.ThrowsAsync<QueueFullException>(async () => await AddAsync(Make.Task()));
        await worker.FinishAsync(lease, Make.Completed);
        await Assert.ThrowsAsync<QueueFullException>(async () => await AddAsync(Make.Task()));
        await worker.LeaseOneAsync();
        await AddAsync(Make.Task());
    }

    [Fact]
    public async Task A_duplicate_needs_no_room_in_a_full_queue()
    {
        await UseAsync(new() { MaxSize = 1 });
        var id = await AddAsync(Make.Task() with { UniqueKey = "only" });
        var again = Assert.Single((await Broker.EnqueueAsync(new(Make.Task() with { UniqueKey = "only" }))).Jobs);
        Assert.Equal((id, true), (again.Id, again.Duplicate));
    }

    [Fact]
    public async Task A_queue_never_holds_more_than_it_may_under_concurrent_callers()
    {
        await UseAsync(new() { MaxSize = 10 });
        bool[] accepted = await AtOnceAsync(32, async _ =>
        {
            try
            {
                await AddAsync(Make.Task());
                return true;
            }
            catch (QueueFullException)
            {
                return false;
            }
        });
        Assert.Equal(10, accepted.Count(a => a));
        Assert.Equal(10, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task A_producer_that_chose_the_ids_learns_that_its_request_had_arrived()
    {
        var first = JobId.New(Clock);
        var request = new EnqueueRequest([.. Enumerable.Repeat(Make.Task(), 3)]) { FirstId = first };
        var jobs = (await Broker.EnqueueAsync(request)).Jobs;
        Assert.Equal([first, JobId.Following(first, 1), JobId.Following(first, 2)], jobs.Select(j => j.Id));
        await RestartAsync();
        Assert.Equal(first, (await Assert.ThrowsAsync<JobIdTakenException>(async () => await Broker.EnqueueAsync(request))).Id);
        await Assert.ThrowsAsync<JobIdTakenException>(async () => await Broker.EnqueueAsync(new(
            [Make.Task(), Make.Task()])
        { FirstId = JobId.Following(first, -1) }));
        Assert.Equal(3, (await Broker.CountAsync(JobFilter.All)).Total);
    }

    [Fact]
    public async Task Chosen_ids_are_taken_once_by_concurrent_callers()
    {
        var request = new EnqueueRequest([Make.Task(), Make.Task()]) { FirstId = JobId.New(Clock) };
        bool[] accepted = await AtOnceAsync(16, async _ =>
        {
            try
            {
                return (await Broker.EnqueueAsync(request)).Jobs.Count == 2;
            }
            catch (JobIdTakenException)
            {
                return false;
            }
        });
        Assert.Single(accepted, a => a);
        Assert.Equal(2, (await Broker.CountAsync(JobFilter.All)).Total);
    }
}
