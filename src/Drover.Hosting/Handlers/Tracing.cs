using System.Diagnostics;
using Drover.Workers;

namespace Drover.Hosting;

/// <summary>The activities of jobs: one where a job is enqueued, one where it runs, joined by the W3C trace context stored with it.</summary>
internal static class Tracing
{
    private static readonly ActivitySource Source = new(DroverTracing.SourceName);

    public static Activity? StartEnqueue(string kind) => Source.StartActivity("enqueue " + kind, ActivityKind.Producer);

    /// <summary>The context to store with a job: that of the request that enqueues it, whether or not anybody listens to Drover's own.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    public static Activity? StartRun(TaskContext task, string kind)
    {
        ActivityContext.TryParse(task.Lease.Spec.Task!.TraceParent, null, isRemote: true, out var parent);
        var activity = Source.StartActivity("run " + kind, ActivityKind.Consumer, parent);
        activity?.SetTag("messaging.system", "drover").SetTag("messaging.destination.name", task.Lease.Spec.Queue)
            .SetTag("messaging.message.id", task.JobId.ToString()).SetTag("drover.attempt", task.Attempt);
        return activity;
    }
}

/// <summary>For those who set up OpenTelemetry: <c>tracing.AddSource(DroverTracing.SourceName)</c>.</summary>
public static class DroverTracing
{
    /// <summary>The name of the source of Drover's activities.</summary>
    public const string SourceName = "Drover";
}
