using System.Text;
using Drover.Jobs;
using Drover.Output;

namespace Drover.StoreTests.Support;

/// <summary>Specs, outcomes and entries with plain values, to be changed with <c>with</c>.</summary>
public static class Make
{
    /// <summary>How long a lease lasts in these tests.</summary>
    public static TimeSpan LeaseDuration { get; } = TimeSpan.FromSeconds(30);

    public static AttemptOutcome Completed { get; } = AttemptOutcome.Exited(0);

    public static AttemptOutcome Failed { get; } = AttemptOutcome.Exited(3);

    public static AttemptOutcome HandedBack { get; } = new() { Kind = OutcomeKind.HandedBack };

    public static AttemptOutcome Canceled { get; } = new() { Kind = OutcomeKind.Canceled, Reason = FailureReasons.Canceled, Error = "Canceled." };

    /// <summary>A task that may be tried three times, ten seconds apart.</summary>
    public static JobSpec Task(string type = "echo") => new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        Backoff = new() { Kind = BackoffKind.Fixed, Delay = TimeSpan.FromSeconds(10), Jitter = 0 },
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = type, Payload = "{}"u8.ToArray() },
    };

    /// <summary>A command that is tried once.</summary>
    public static JobSpec Command(string command = "true", string server = "srv-1") => new()
    {
        Kind = JobKind.Command,
        Shell = new() { ServerId = server, ServerName = server, Command = command },
    };

    public static JobSpec Script(string script, string server = "srv-1") => new()
    {
        Kind = JobKind.Script,
        Shell = new() { ServerId = server, ServerName = server, Script = script },
    };

    public static OutputEntry Entry(long seq, string text, DateTimeOffset at, OutputStream stream = OutputStream.Stdout, int attempt = 1) =>
        new(seq, at, attempt, stream, Encoding.UTF8.GetBytes(text));
}
