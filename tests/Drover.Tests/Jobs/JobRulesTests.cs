using Drover.Jobs;
using Drover.Tests.Support;

namespace Drover.Tests.Jobs;

public sealed class JobRulesTests
{
    private const bool Canceled = true;
    private const bool NotCanceled = false;

    // What follows an attempt: kind of job, attempts used before, how it ended, whether a cancel was requested,
    // then the status, the wait in seconds (-1: none) and the attempts used after.
    [Theory]
    [InlineData("task", 0, "completed", NotCanceled, JobStatus.Completed, -1, 1)]
    [InlineData("task", 0, "completed", Canceled, JobStatus.Completed, -1, 1)]
    [InlineData("task", 0, "failed", NotCanceled, JobStatus.Retrying, 10, 1)]
    [InlineData("task", 1, "failed", NotCanceled, JobStatus.Retrying, 10, 2)]
    [InlineData("task", 2, "failed", NotCanceled, JobStatus.Failed, -1, 3)]
    [InlineData("task", 0, "failed", Canceled, JobStatus.Failed, -1, 1)]
    [InlineData("task", 0, "never", NotCanceled, JobStatus.Failed, -1, 1)]
    [InlineData("task", 0, "failed, again in 3", NotCanceled, JobStatus.Retrying, 3, 1)]
    [InlineData("task", 2, "failed, again in 3", NotCanceled, JobStatus.Failed, -1, 3)]
    [InlineData("task", 0, "timed out", NotCanceled, JobStatus.Retrying, 10, 1)]
    [InlineData("task", 2, "timed out", NotCanceled, JobStatus.Failed, -1, 3)]
    [InlineData("task", 0, "canceled", Canceled, JobStatus.Canceled, -1, 1)]
    [InlineData("task", 0, "canceled, unconfirmed", Canceled, JobStatus.Failed, -1, 1)]
    [InlineData("task", 0, "handed back", NotCanceled, JobStatus.Queued, -1, 0)]
    [InlineData("task", 2, "handed back", NotCanceled, JobStatus.Queued, -1, 2)]
    [InlineData("task", 2, "snoozed for 3", NotCanceled, JobStatus.Scheduled, 3, 2)]
    [InlineData("task", 0, "handed back", Canceled, JobStatus.Canceled, -1, 0)]
    [InlineData("task", 0, "worker lost", NotCanceled, JobStatus.Retrying, 10, 1)]
    [InlineData("task", 2, "worker lost", NotCanceled, JobStatus.Failed, -1, 3)]
    [InlineData("task", 0, "worker lost", Canceled, JobStatus.Failed, -1, 1)]
    [InlineData("command", 0, "failed", NotCanceled, JobStatus.Failed, -1, 1)]
    [InlineData("command", 0, "worker lost", NotCanceled, JobStatus.Failed, -1, 1)]
    [InlineData("careful task", 0, "worker lost", NotCanceled, JobStatus.Failed, -1, 1)]
    [InlineData("careful task", 0, "failed", NotCanceled, JobStatus.Retrying, 10, 1)]
    public void What_follows_an_attempt(string job, int used, string end, bool cancelRequested, JobStatus status, int wait, int usedAfter)
    {
        var spec = job switch
        {
            "command" => Specs.Command(),
            "careful task" => Specs.Task() with { OnWorkerLost = WorkerLostPolicy.Fail },
            _ => Specs.Task(),
        };
        var next = JobRules.After(spec, used, Outcome(end), cancelRequested, random: 0.5);
        Assert.Equal(new(status, wait < 0 ? null : TimeSpan.FromSeconds(wait), usedAfter), next);
    }

    [Theory]
    [InlineData(BackoffKind.Fixed, 1, 5)]
    [InlineData(BackoffKind.Fixed, 9, 5)]
    [InlineData(BackoffKind.Linear, 1, 5)]
    [InlineData(BackoffKind.Linear, 4, 20)]
    [InlineData(BackoffKind.Linear, 1000, 60)]
    [InlineData(BackoffKind.Exponential, 1, 5)]
    [InlineData(BackoffKind.Exponential, 2, 10)]
    [InlineData(BackoffKind.Exponential, 4, 40)]
    [InlineData(BackoffKind.Exponential, 5, 60)]
    [InlineData(BackoffKind.Exponential, 5000, 60)]
    public void The_wait_grows_as_the_backoff_says_up_to_its_maximum(BackoffKind kind, int failed, double seconds)
    {
        var backoff = new Backoff { Kind = kind, Delay = TimeSpan.FromSeconds(5), Max = TimeSpan.FromMinutes(1), Jitter = 0.2 };
        Assert.Equal(seconds, backoff.After(failed, 0.5).TotalSeconds, 6);
        Assert.Equal(seconds * 0.8, backoff.After(failed, 0).TotalSeconds, 6);
        Assert.InRange(backoff.After(failed, 0.999999).TotalSeconds, seconds * 1.19, seconds * 1.2);
    }

    [Fact]
    public void What_a_job_needs_of_a_worker_is_one_string_whatever_the_order_of_its_labels()
    {
        Assert.Equal("shell", JobRules.NeedsOf(Specs.Command()));
        Assert.Equal("task:echo", JobRules.NeedsOf(Specs.Task()));
        Assert.Equal("task:echo;gpu;zone=b", JobRules.NeedsOf(Specs.Task() with { WorkerLabels = ["zone=b", "gpu"] }));
    }

    private static AttemptOutcome Outcome(string end) => end switch
    {
        "completed" => new() { Kind = OutcomeKind.Completed },
        "failed" => AttemptOutcome.Failure(FailureReasons.Exception, "It broke."),
        "never" => AttemptOutcome.Failure(FailureReasons.Exception, "It broke.", neverRetry: true),
        "failed, again in 3" => AttemptOutcome.Failure(FailureReasons.Exception, "It broke.") with { RetryIn = TimeSpan.FromSeconds(3) },
        "timed out" => new() { Kind = OutcomeKind.TimedOut },
        "canceled" => new() { Kind = OutcomeKind.Canceled },
        "canceled, unconfirmed" => new() { Kind = OutcomeKind.Canceled, Unconfirmed = true },
        "handed back" => new() { Kind = OutcomeKind.HandedBack },
        "snoozed for 3" => new() { Kind = OutcomeKind.HandedBack, RetryIn = TimeSpan.FromSeconds(3) },
        "worker lost" => new() { Kind = OutcomeKind.WorkerLost },
        _ => throw new ArgumentException(end),
    };
}
