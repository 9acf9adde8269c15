using System.Text;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Auth;
using Drover.Server.Http;
using Drover.Server.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Metrics;

/// <summary>Figures for Prometheus.</summary>
internal static class MetricsEndpoint
{
    public static void MapMetrics(this IEndpointRouteBuilder root) => root.MapGet("/metrics", ReadAsync).WithName("getMetrics").WithTags("Health").WithMetadata(OpenToMetricsToken.Mark);

    /// <summary>Read all figures in Prometheus's text format</summary>
    public static async Task<ContentHttpResult> ReadAsync(
        HttpContext context, MetricsCollector metrics, IBroker broker, StreamSlots streams, ServerOptions options)
    {
        var text = new StringBuilder();
        var counts = await broker.CountAsync(JobFilter.All, context.RequestAborted);
        var workers = WorkerEndpoints.Stats(await broker.ListWorkersAsync(context.RequestAborted));
        MetricsCollector.Gauge(text, "drover_build_info", "The version that runs.", ($"version=\"{options.Version}\"", 1));
        MetricsCollector.Gauge(text, "drover_jobs", "Jobs in the store, by status.",
            ("status=\"scheduled\"", counts.Scheduled), ("status=\"queued\"", counts.Queued), ("status=\"running\"", counts.Running),
            ("status=\"retrying\"", counts.Retrying), ("status=\"completed\"", counts.Completed), ("status=\"failed\"", counts.Failed),
            ("status=\"canceled\"", counts.Canceled));
        MetricsCollector.Gauge(text, "drover_workers", "Connected workers.", ("", workers.ActiveWorkers));
        MetricsCollector.Gauge(text, "drover_worker_slots", "Jobs that the workers can run at once.", ("", workers.TotalCapacity));
        MetricsCollector.Gauge(text, "drover_worker_slots_busy", "Jobs that they run now.", ("", workers.Busy));
        MetricsCollector.Gauge(text, "drover_streams", "Open streams: server-sent events and WebSockets.", ("", streams.Open));
        text.Append(metrics.Write());
        return TypedResults.Text(text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }
}
