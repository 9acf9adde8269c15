using Drover.Brokers;
using Drover.Jobs;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Workers;

public sealed class WorkerStopTests
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_stopped_worker_finishes_what_it_has_in_hand_and_takes_no_more()
    {
        await using var home = new WorkerHome { Options = new() { Host = "w", Slots = 2, Queues = [new("*")] } };
        home.Handlers.Add("echo", async (_, _) =>
        {
            _started.TrySetResult();
            await _open.Task;
        });
        var worker = await home.StartAsync();
        var inHand = await home.AddAsync(Specs.Task());
        await _started.Task.InTimeAsync();
        var stopped = worker.StopAsync(CancellationToken.None);
        var later = await home.AddAsync(Specs.Task());
        Assert.False(stopped.IsCompleted);
        _open.SetResult();
        await stopped.InTimeAsync();
        Assert.Equal(JobStatus.Completed, (await home.ReadAsync(inHand)).Status);
        Assert.Equal(JobStatus.Queued, (await home.ReadAsync(later)).Status);
        Assert.Empty(await home.Broker.ListWorkersAsync());
    }

    [Fact]
    public async Task What_is_not_done_when_the_time_is_over_is_stopped_and_tasks_are_handed_back()
    {
        await using var home = new WorkerHome();
        var started = WorkerTests.ListeningHandler(home);
        var worker = await home.StartAsync();
        var id = await home.AddAsync(Specs.Task() with { Timeout = TimeSpan.Zero });
        await started.Task.InTimeAsync();
        var stopped = worker.StopAsync(CancellationToken.None);
        long began = home.Clock.GetTimestamp();
        await Eventually.BecomesAsync("the worker has stopped", () => stopped.IsCompleted, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.True(home.Clock.GetElapsedTime(began) >= TimeSpan.FromSeconds(59));

        var job = await home.ReadAsync(id);
        Assert.Equal((JobStatus.Queued, 0, 1), (job.Status, job.AttemptsUsed, job.Attempt));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_stop_ends_the_drain_at_once(bool byTheHostsPatience)
    {
        await using var home = new WorkerHome();
        var reason = StopReason.None;
        var worker = await home.StartAsync(new Executor(async context =>
        {
            _started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Stop).ContinueWith(static _ => { }, TaskScheduler.Default);
            reason = context.StopReason;
            return new() { Kind = OutcomeKind.Canceled, Reason = FailureReasons.Shutdown, Error = "The worker was shut down." };
        }));
        var id = await home.AddAsync(Specs.Command());
        await _started.Task.InTimeAsync();
        using var patience = new CancellationTokenSource();
        var stopped = worker.StopAsync(patience.Token);
        Assert.False(stopped.IsCompleted);
        if (byTheHostsPatience)
            await patience.CancelAsync();
        else
            worker.StopNow();
        // No time passes on the clock.
        await stopped.InTimeAsync();
        Assert.Equal((StopReason.Shutdown, JobStatus.Canceled), (reason, (await home.ReadAsync(id)).Status));
    }

    [Fact]
    public async Task An_executor_that_does_not_stop_is_left_behind_when_somebody_is_in_a_hurry()
    {
        await using var home = new WorkerHome();
        var worker = await home.StartAsync(new Executor(async _ =>
        {
            _started.SetResult();
            await _open.Task;
            return AttemptOutcome.Exited(0);
        }));
        var id = await home.AddAsync(Specs.Command());
        await _started.Task.InTimeAsync();
        worker.StopNow();
        var stopped = worker.StopAsync(CancellationToken.None);
        await Eventually.BecomesAsync("the worker has stopped", () => stopped.IsCompleted, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(JobStatus.Running, (await home.ReadAsync(id)).Status);
        _open.SetResult();
        // What it had in hand is lost with it.
        await home.BecomesAsync(id, JobStatus.Failed, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_worker_that_the_broker_drains_leaves_when_its_jobs_are_done_however_long_they_take()
    {
        await using var home = new WorkerHome();
        home.Handlers.Add("echo", async (_, _) =>
        {
            _started.TrySetResult();
            await _open.Task;
        });
        var worker = await home.StartAsync();
        var id = await home.AddAsync(Specs.Task() with { Timeout = TimeSpan.Zero });
        await _started.Task.InTimeAsync();
        Assert.True(await home.Broker.DrainWorkerAsync("w"));
        Assert.True((await home.Broker.ListWorkersAsync())[0].Draining);
        var later = await home.AddAsync(Specs.Task());
        for (int i = 0; i < 30; i++)
        {
            home.Clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }

        Assert.False(worker.ExecuteTask!.IsCompleted);
        _open.SetResult();
        await worker.ExecuteTask.InTimeAsync();
        Assert.Equal((JobStatus.Completed, JobStatus.Queued), ((await home.ReadAsync(id)).Status, (await home.ReadAsync(later)).Status));
        Assert.Empty(await home.Broker.ListWorkersAsync());
    }

    [Fact]
    public async Task A_drained_worker_still_hears_of_a_cancel()
    {
        await using var home = new WorkerHome();
        var started = WorkerTests.ListeningHandler(home);
        var worker = await home.StartAsync();
        var id = await home.AddAsync(Specs.Task());
        await started.Task.InTimeAsync();
        await home.Broker.DrainWorkerAsync("w");
        await home.Broker.CancelAsync([id], null);
        await home.BecomesAsync(id, JobStatus.Canceled);
        await worker.ExecuteTask!.InTimeAsync();
    }

    [Fact]
    public async Task Of_two_workers_with_one_id_the_earlier_stops_its_work_and_does_not_come_back()
    {
        await using var home = new WorkerHome();
        var started = WorkerTests.ListeningHandler(home);
        var first = await home.StartAsync();
        var id = await home.AddAsync(Specs.Task() with { MaxAttempts = 1 });
        await started.Task.InTimeAsync();
        var second = home.NewWorker(new TaskExecutor(new TaskHandlers().Add("other", static (_, _) => ValueTask.CompletedTask), home.Clock));
        await second.StartAsync(CancellationToken.None);
        await first.ExecuteTask!.InTimeAsync();
        Assert.Equal(OutcomeKind.WorkerLost, (await home.BecomesAsync(id, JobStatus.Failed)).Outcome!.Kind);
        await home.BecomesAsync(await home.AddAsync(Specs.Task("other")), JobStatus.Completed);
        Assert.Single(await home.Broker.ListWorkersAsync());
    }

    [Fact]
    public async Task A_worker_whose_session_ended_connects_again_and_keeps_its_jobs()
    {
        await using var home = new WorkerHome { Options = new() { Host = "w", Slots = 2, Queues = [new("*")] } };
        home.Handlers.Add("echo", async (_, _) =>
        {
            _started.TrySetResult();
            await _open.Task;
        });
        home.Handlers.Add("other", static (_, _) => ValueTask.CompletedTask);
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task());
        await _started.Task.InTimeAsync();
        home.Broker.TakeForGone(home.Broker.SessionOf("w")!);
        await Eventually.BecomesAsync("it is back", async () => (await home.Broker.ListWorkersAsync()).Count == 1, () => home.Clock.Advance(TimeSpan.FromMilliseconds(10)));
        await home.BecomesAsync(await home.AddAsync(Specs.Task("other")), JobStatus.Completed);
        _open.SetResult();
        Assert.Equal(1, (await home.BecomesAsync(id, JobStatus.Completed)).Attempt);
    }

    [Fact]
    public async Task A_worker_waits_for_a_broker_that_is_not_there_yet()
    {
        TroubledStore? store = null;
        await using var home = new WorkerHome(inner => store = new(inner));
        home.Handlers.Add("echo", static (_, _) => ValueTask.CompletedTask);
        store!.Fail("lose", "lease");
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task());
        home.Clock.Advance(TimeSpan.FromSeconds(1));
        store.Fail("lease");
        home.Clock.Advance(TimeSpan.FromSeconds(1));
        store.Recover();
        await home.BecomesAsync(id, JobStatus.Completed, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Options_that_make_no_sense_are_named()
    {
        WorkerOptions[] wrong =
        [
            new() { Slots = 0 }, new() { LeaseAhead = -1 }, new() { Queues = [] }, new() { Queues = [new("a b")] }, new() { Queues = [new("a", 0)] },
            new() { HeartbeatInterval = TimeSpan.FromSeconds(16) }, new() { HeartbeatInterval = TimeSpan.Zero }, new() { Host = "" },
            new() { GracefulShutdown = TimeSpan.FromSeconds(-1) }, new() { OutputFlushInterval = TimeSpan.Zero }, new() { OutputMaxBytes = 10 },
        ];
        Assert.All(wrong, options => Assert.Throws<ArgumentException>(options.Validate));
        new WorkerOptions().Validate();
        Assert.Equal("host-2", new WorkerOptions { Host = "host", Name = "2" }.Id);
        Assert.Throws<ArgumentException>(() => new BrokerOptions { LeaseDuration = TimeSpan.Zero }.Validate());
    }
}
