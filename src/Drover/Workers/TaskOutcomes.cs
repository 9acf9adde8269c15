using Drover.Jobs;

namespace Drover.Workers;

/// <summary>Turns what a handler returned or threw into an outcome: the one place where that is decided.</summary>
internal static class TaskOutcomes
{
    private const int MaxErrorLength = 16_000;
    private static readonly AttemptOutcome Completed = new() { Kind = OutcomeKind.Completed };

    public static AttemptOutcome Of(TaskResult result)
    {
        if (result.SnoozeFor is { } time)
            return new() { Kind = OutcomeKind.HandedBack, RetryIn = time };
        if (result.Error is { } error)
            return AttemptOutcome.Failure(FailureReasons.Exception, error, result.Never) with { RetryIn = result.RetryIn };
        if (result.Result is not { } json)
            return Completed;
        if (json.Length > JobRules.MaxPayloadBytes || !JsonText.IsValid(json.Span))
            return AttemptOutcome.Failure(FailureReasons.Exception, "The handler's result is not JSON in UTF-8 of at most 8 MiB.", neverRetry: true);
        return new() { Kind = OutcomeKind.Completed, Result = json };
    }

    public static AttemptOutcome Of(Exception e, TaskRun run) => e switch
    {
        SnoozeException snooze => Of(TaskResult.Snooze(snooze.Time)),
        NeverRetryException => AttemptOutcome.Failure(FailureReasons.Exception, Text(e), neverRetry: true),
        _ when run.TimedOut => TimedOut(run),
        _ when run.Stopped => Stopped(run),
        _ => AttemptOutcome.Failure(FailureReasons.Exception, Text(e)),
    };

    public static AttemptOutcome Abandoned(TaskRun run)
    {
        var outcome = run.TimedOut ? TimedOut(run) : Stopped(run);
        if (outcome.Kind == OutcomeKind.HandedBack)
            return outcome;
        string still = FormattableString.Invariant(
            $" It did not return within {run.AbandonAfter.TotalSeconds} s after it was asked to stop, and may still be running.");
        return outcome with { Unconfirmed = true, NeverRetry = true, Reason = FailureReasons.CancelUnconfirmed, Error = outcome.Error + still };
    }

    private static AttemptOutcome TimedOut(TaskRun run) => new()
    {
        Kind = OutcomeKind.TimedOut,
        Reason = FailureReasons.Timeout,
        Error = FormattableString.Invariant($"The handler ran longer than its timeout of {run.Lease.Spec.Timeout.TotalSeconds} s and was stopped."),
    };

    private static AttemptOutcome Stopped(TaskRun run) => run.StopReason == StopReason.Canceled
        ? new() { Kind = OutcomeKind.Canceled, Reason = FailureReasons.Canceled, Error = "The handler was canceled." }
        : new() { Kind = OutcomeKind.HandedBack };

    public static string Text(Exception e)
    {
        string text = e.ToString();
        return text.Length <= MaxErrorLength ? text : text[..MaxErrorLength] + "…";
    }
}
