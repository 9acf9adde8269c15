using System.Text;
using Drover.Jobs;
using Drover.Storage;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Workers;

public sealed class WorkerTests
{
    private static readonly WorkerOptions OneSlot = new() { Host = "w", Slots = 1, Queues = [new("*")] };

    [Fact]
    public async Task A_task_runs_through_its_handler_and_completes_with_result_and_output()
    {
        await using var home = new WorkerHome();
        home.Handlers.Add("echo", static (context, _) =>
        {
            context.Log($"attempt {context.Attempt}");
            return new(TaskResult.Json(context.Payload));
        });
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task(payload: "{\"n\":1}"));

        var job = await home.BecomesAsync(id, JobStatus.Completed);
        Assert.Equal("{\"n\":1}", Encoding.UTF8.GetString(job.Outcome!.Result!.Value.Span));
        Assert.Equal("attempt 1\n", await home.OutputAsync(id));
        Assert.Equal("w", job.WorkerId);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Many_tasks_from_many_producers_all_complete_once(int ahead)
    {
        await using var home = new WorkerHome { Options = new() { Host = "w", Slots = 4, LeaseAhead = ahead, Queues = [new("*")] } };
        int ran = 0;
        home.Handlers.Add("echo", (_, _) =>
        {
            Interlocked.Increment(ref ran);
            return ValueTask.CompletedTask;
        });
        await home.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
                await home.AddAsync(Specs.Task());
        })));

        await Eventually.BecomesAsync("all are completed", async () => (await home.Broker.CountAsync(JobFilter.All)).Completed == 2000);
        Assert.Equal(2000, ran);
    }

    [Fact]
    public async Task No_more_jobs_run_at_once_than_there_are_slots()
    {
        await using var home = new WorkerHome();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int running = 0, most = 0;
        home.Handlers.Add("echo", async (_, _) =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await open.Task;
            Interlocked.Decrement(ref running);
        });
        await home.StartAsync();
        await home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task(), 50)]));
        await Eventually.BecomesAsync("all slots are busy", () => Volatile.Read(ref running) == 4);
        Assert.Equal(46, (await home.Broker.CountAsync(JobFilter.All)).Queued);
        open.SetResult();
        await Eventually.BecomesAsync("all are completed", async () => (await home.Broker.CountAsync(JobFilter.All)).Completed == 50);
        Assert.Equal(4, most);

        static void InterlockedMax(ref int target, int value)
        {
            for (int seen = target; seen < value && Interlocked.CompareExchange(ref target, value, seen) != seen; seen = target)
            {
            }
        }
    }

    [Fact]
    public async Task A_job_that_no_executor_accepts_fails_and_says_so()
    {
        await using var home = new WorkerHome();
        await home.StartAsync(new Executor(static _ => throw new InvalidOperationException("Not asked."), accepts: false));
        var id = await home.AddAsync(Specs.Command());
        var job = await home.BecomesAsync(id, JobStatus.Failed);
        Assert.Equal(FailureReasons.NoHandler, job.Outcome!.Reason);
        Assert.Contains("has nothing that can run", job.Outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_executor_that_throws_is_a_fault_of_Drover_and_leaves_the_worker_whole()
    {
        await using var home = new WorkerHome();
        int calls = 0;
        await home.StartAsync(new Executor(_ => ++calls == 1 ? throw new InvalidOperationException("Oops.") : new(AttemptOutcome.Exited(0))));
        var broken = await home.BecomesAsync(await home.AddAsync(Specs.Command()), JobStatus.Failed);
        Assert.Equal(FailureReasons.Internal, broken.Outcome!.Reason);
        Assert.Contains("Oops.", broken.Outcome.Error, StringComparison.Ordinal);
        await home.BecomesAsync(await home.AddAsync(Specs.Command()), JobStatus.Completed);
    }

    [Fact]
    public async Task A_cancel_reaches_the_handler_at_once()
    {
        await using var home = new WorkerHome();
        var started = ListeningHandler(home);
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task());
        await started.Task.InTimeAsync();
        Assert.Equal(ChangeResult.Accepted, (await home.Broker.CancelAsync([id], "ada"))[0].Result);
        Assert.Equal(OutcomeKind.Canceled, (await home.BecomesAsync(id, JobStatus.Canceled)).Outcome!.Kind);
    }

    [Fact]
    public async Task A_cancel_whose_signal_was_lost_is_found_by_the_next_renewal()
    {
        await using var home = new WorkerHome();
        var started = ListeningHandler(home);
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task());
        await started.Task.InTimeAsync();
        // Past the broker: nobody is told.
        await home.Store.CancelAsync([id], "ada");
        await home.BecomesAsync(id, JobStatus.Canceled, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_handler_hears_that_its_lease_is_lost_and_its_outcome_goes_nowhere()
    {
        await using var home = new WorkerHome { Options = OneSlot };
        var reason = new TaskCompletionSource<StopReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        await home.StartAsync(new Executor(async context =>
        {
            if (++calls > 1)
                return AttemptOutcome.Exited(0);
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Stop).ContinueWith(static _ => { }, TaskScheduler.Default);
            reason.SetResult(context.StopReason);
            return AttemptOutcome.Exited(0);
        }));
        var id = await home.AddAsync(Specs.Command());
        await started.Task.InTimeAsync();
        await home.Store.LoseWorkerAsync("w", Guid.NewGuid(), TestContext.Current.CancellationToken);
        await Eventually.BecomesAsync("it is stopped", () => reason.Task.IsCompleted, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(StopReason.LeaseLost, await reason.Task);
        await home.BecomesAsync(await home.AddAsync(Specs.Command()), JobStatus.Completed);
        Assert.Equal((JobStatus.Failed, OutcomeKind.WorkerLost), ((await home.ReadAsync(id)).Status, (await home.ReadAsync(id)).Outcome!.Kind));
    }

    [Fact]
    public async Task Work_that_cannot_be_renewed_for_as_long_as_a_lease_is_stopped()
    {
        TroubledStore? store = null;
        await using var home = new WorkerHome(inner => store = new(inner)) { Options = OneSlot };
        var reason = new TaskCompletionSource<StopReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await home.StartAsync(new Executor(async context =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Stop).ContinueWith(static _ => { }, TaskScheduler.Default);
            reason.SetResult(context.StopReason);
            return AttemptOutcome.Exited(0);
        }));
        await home.AddAsync(Specs.Command());
        await started.Task.InTimeAsync();
        store!.Fail("renew");
        long began = home.Clock.GetTimestamp();
        await Eventually.BecomesAsync("it is stopped", () => reason.Task.IsCompleted, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(StopReason.LeaseLost, await reason.Task);
        Assert.True(home.Clock.GetElapsedTime(began) >= TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Leases_are_renewed_on_a_thread_of_their_own_however_long_handlers_block_theirs()
    {
        TroubledStore? store = null;
        await using var home = new WorkerHome(inner => store = new(inner));
        using var release = new ManualResetEventSlim();
        int blocked = 0;
        var threads = new System.Collections.Concurrent.ConcurrentBag<string?>();
        home.Handlers.Add("echo", (_, _) =>
        {
            Interlocked.Increment(ref blocked);
            release.Wait(Eventually.Patience, CancellationToken.None);
            return new(TaskResult.Done);
        });
        store!.Before = async verb =>
        {
            if (verb != "renew")
                return;
            // The store answers from another thread, as one with a disk does.
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            new Thread(answer.SetResult).Start();
            await answer.Task;
            threads.Add(Thread.CurrentThread.Name);
        };
        await home.StartAsync();
        var ids = (await home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task() with { Timeout = TimeSpan.Zero }, 4)]))).Jobs;
        await Eventually.BecomesAsync("all slots are blocked", () => Volatile.Read(ref blocked) == 4);
        int renewals = 0;
        await Eventually.BecomesAsync("leases have been renewed for ten minutes", () => threads.Count >= 60, () =>
        {
            // No faster than the renewals, which would be a machine that stands still.
            if (threads.Count >= renewals)
            {
                renewals = threads.Count + 1;
                home.Clock.Advance(TimeSpan.FromSeconds(10));
            }
        });
        Assert.All(threads, name => Assert.Equal("drover renewals", name));
        Assert.Equal(4, (await home.Broker.CountAsync(JobFilter.All)).Running);
        release.Set();
        foreach (var job in ids)
            Assert.Equal(1, (await home.BecomesAsync(job.Id, JobStatus.Completed)).Attempt);
    }

    [Fact]
    public async Task Outcomes_that_the_broker_could_not_take_are_sent_again()
    {
        TroubledStore? store = null;
        await using var home = new WorkerHome(inner => store = new(inner));
        home.Handlers.Add("echo", static (_, _) => ValueTask.CompletedTask);
        await home.StartAsync();
        int failures = 0;
        store!.Before = verb => verb == "finish" && Interlocked.Increment(ref failures) < 4 ? throw new StoreUnavailableException("Full.") : ValueTask.CompletedTask;
        var jobs = (await home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task(), 100)]))).Jobs;
        foreach (var job in jobs)
            Assert.Equal(1, (await home.BecomesAsync(job.Id, JobStatus.Completed, () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)))).Attempt);
    }

    [Fact]
    public async Task One_outcome_that_cannot_be_stored_does_not_hold_up_the_others()
    {
        TroubledStore? store = null;
        await using var home = new WorkerHome(inner => store = new(inner));
        home.Handlers.Add("good", static (_, _) => ValueTask.CompletedTask);
        home.Handlers.Add("bad", static (_, _) => new(TaskResult.Json("666"u8.ToArray())));
        await home.StartAsync();
        store!.BeforeFinish = finishes => { if (finishes.Any(f => f.Outcome.Result is { Length: 3 })) throw new InvalidOperationException("Indigestible."); };
        var bad = await home.AddAsync(Specs.Task("bad") with { MaxAttempts = 1 });
        var good = (await home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task("good"), 20)]))).Jobs;
        foreach (var job in good)
            await home.BecomesAsync(job.Id, JobStatus.Completed, () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        var failed = await home.BecomesAsync(bad, JobStatus.Failed, () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        Assert.Contains("Indigestible.", failed.Outcome!.Error, StringComparison.Ordinal);
    }

    internal static TaskCompletionSource ListeningHandler(WorkerHome home)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        home.Handlers.Add("echo", async (_, cancel) =>
        {
            started.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
        });
        return started;
    }
}
