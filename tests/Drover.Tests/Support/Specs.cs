using System.Text;
using Drover.Jobs;

namespace Drover.Tests.Support;

/// <summary>Specs with plain values, to be changed with <c>with</c>.</summary>
internal static class Specs
{
    /// <summary>A task that may be tried three times, ten seconds apart.</summary>
    public static JobSpec Task(string type = "echo", string payload = "{}") => new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        Backoff = new() { Kind = BackoffKind.Fixed, Delay = TimeSpan.FromSeconds(10), Jitter = 0 },
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = type, Payload = Encoding.UTF8.GetBytes(payload) },
    };

    /// <summary>A command that is tried once.</summary>
    public static JobSpec Command(string command = "true", string server = "srv-1") => new()
    {
        Kind = JobKind.Command,
        Shell = new() { ServerId = server, ServerName = server, Command = command },
    };
}
