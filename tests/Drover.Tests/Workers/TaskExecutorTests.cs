using System.Text;
using Drover.Jobs;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Workers;

public sealed class TaskExecutorTests
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task What_a_handler_throws_stands_in_the_error_with_its_place()
    {
        var job = await RunAsync((_, _) => throw new InvalidOperationException("The tank is empty."));
        Assert.Equal((JobStatus.Failed, FailureReasons.Exception), (job.Status, job.Outcome!.Reason));
        Assert.Contains("System.InvalidOperationException: The tank is empty.", job.Outcome.Error, StringComparison.Ordinal);
        Assert.Contains(nameof(TaskExecutorTests), job.Outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_handler_throws_later_is_the_same()
    {
        var job = await RunAsync(async (_, _) =>
        {
            await Task.Yield();
            throw new FormatException(new string('x', 100_000));
        });
        Assert.Contains("System.FormatException", job.Outcome!.Error, StringComparison.Ordinal);
        Assert.InRange(job.Outcome.Error!.Length, 1000, 17_000);
    }

    [Fact]
    public async Task A_handler_can_say_that_trying_again_would_not_help()
    {
        var job = await RunAsync((_, _) => throw new NeverRetryException("No such address."), attempts: 5);
        Assert.Equal((JobStatus.Failed, 1), (job.Status, job.AttemptsUsed));
        job = await RunAsync(static (_, _) => new(TaskResult.Failed("No such address.", neverRetry: true)), attempts: 5);
        Assert.Equal((JobStatus.Failed, 1, "No such address."), (job.Status, job.AttemptsUsed, job.Outcome!.Error));
    }

    [Fact]
    public async Task A_handler_can_say_when_to_try_again()
    {
        var job = await RunAsync(static (_, _) => new(TaskResult.Failed("Busy.", retryIn: TimeSpan.FromMinutes(7))), attempts: 5, until: JobStatus.Retrying);
        Assert.Equal(TimeSpan.FromMinutes(7), job.RunAt - job.Attempts[0].FinishedAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_snooze_does_not_count_as_an_attempt(bool byException)
    {
        var wait = TimeSpan.FromMinutes(7);
        var job = await RunAsync((_, _) => byException ? throw new SnoozeException(wait) : new(TaskResult.Snooze(wait)), until: JobStatus.Scheduled);
        Assert.Equal((0, wait), (job.AttemptsUsed, job.RunAt - job.Attempts[0].FinishedAt));
    }

    [Fact]
    public async Task A_result_that_is_no_JSON_fails_the_task_for_good()
    {
        var job = await RunAsync(static (_, _) => new(TaskResult.Json("{"u8.ToArray())), attempts: 5);
        Assert.Equal((JobStatus.Failed, 1), (job.Status, job.AttemptsUsed));
        Assert.Contains("not JSON", job.Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_of_the_plain_form_completes_when_it_returns()
    {
        await using var home = new WorkerHome();
        home.Handlers.Add("echo", static async (context, _) =>
        {
            await Task.Yield();
            context.Log(Encoding.UTF8.GetString(context.Payload.Span) + " ü");
        });
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task(payload: "[1]"));
        Assert.Null((await home.BecomesAsync(id, JobStatus.Completed)).Outcome!.Result);
        Assert.Equal("[1] ü\n", await home.OutputAsync(id));
    }

    [Fact]
    public async Task A_handler_that_listens_is_stopped_at_its_timeout()
    {
        var job = await RunUntilStoppedAsync(async (_, cancel) =>
        {
            _started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
            return TaskResult.Done;
        });
        Assert.Equal((JobStatus.Failed, OutcomeKind.TimedOut, FailureReasons.Timeout), (job.Status, job.Outcome!.Kind, job.Outcome.Reason));
        Assert.False(job.Outcome.Unconfirmed);
        Assert.Contains("300 s", job.Outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_returns_after_its_timeout_all_the_same_has_completed()
    {
        var job = await RunUntilStoppedAsync(async (_, cancel) =>
        {
            _started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel).ContinueWith(static _ => { }, TaskScheduler.Default);
            return TaskResult.Done;
        });
        Assert.Equal(JobStatus.Completed, job.Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_that_does_not_listen_is_given_up_and_its_slot_used_again(bool blocksItsThread)
    {
        using var release = new ManualResetEventSlim();
        var never = new TaskCompletionSource<TaskResult>();
        await using var home = new WorkerHome { Options = new() { Host = "w", Slots = 1, Queues = [new("*")] } };
        home.Handlers.Add("deaf", (_, _) =>
        {
            _started.SetResult();
            if (!blocksItsThread)
                return new ValueTask<TaskResult>(never.Task);
            release.Wait(Eventually.Patience, CancellationToken.None);
            return new(TaskResult.Done);
        });
        home.Handlers.Add("echo", static (_, _) => ValueTask.CompletedTask);
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task("deaf") with { Timeout = TimeSpan.FromSeconds(3) });
        await _started.Task.InTimeAsync();
        var next = await home.AddAsync(Specs.Task());

        var job = await home.BecomesAsync(id, JobStatus.Failed, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal((OutcomeKind.TimedOut, true, FailureReasons.CancelUnconfirmed), (job.Outcome!.Kind, job.Outcome.Unconfirmed, job.Outcome.Reason));
        Assert.Contains("may still be running", job.Outcome.Error, StringComparison.Ordinal);
        await home.BecomesAsync(next, JobStatus.Completed);
        release.Set();
        never.SetResult(TaskResult.Done);
    }

    [Fact]
    public void A_type_has_one_handler()
    {
        var handlers = new TaskHandlers().Add("a", static (_, _) => ValueTask.CompletedTask);
        Assert.Throws<ArgumentException>(() => handlers.Add("a", static (_, _) => ValueTask.CompletedTask));
    }

    private static async Task<Job> RunAsync(TaskHandler handler, int attempts = 1, JobStatus until = JobStatus.Failed)
    {
        await using var home = new WorkerHome();
        home.Handlers.Add("echo", handler);
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task() with { MaxAttempts = attempts });
        return await home.BecomesAsync(id, until);
    }

    private async Task<Job> RunUntilStoppedAsync(TaskHandler handler)
    {
        await using var home = new WorkerHome();
        home.Handlers.Add("echo", handler);
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task() with { MaxAttempts = 1 });
        await _started.Task.InTimeAsync();
        home.Clock.Advance(TimeSpan.FromSeconds(299));
        Assert.Equal(JobStatus.Running, (await home.ReadAsync(id)).Status);
        await Eventually.BecomesAsync("the job ends", async () => (await home.ReadAsync(id)).Status.IsFinal(), () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        return await home.ReadAsync(id);
    }
}
