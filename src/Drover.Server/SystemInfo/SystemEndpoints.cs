using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Jobs;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Drover.Server.Workers;
using Drover.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.SystemInfo;

/// <summary>What there is and how it goes.</summary>
internal static class SystemEndpoints
{
    private const int MaxPoints = 1000;

    private static readonly NumberParameter Window = new("window", 60, 90 * 24 * 3600, "Seconds that the series go back; 3600 when none is given.");
    private static readonly NumberParameter Interval = new("interval", 1, 24 * 3600, "Seconds that each point stands for; a sixtieth of the window when none is given.");

    public static void MapSystem(this IEndpointRouteBuilder api)
    {
        var system = api.MapGroup("/system").WithTags("System");
        system.MapGet("/info", InfoAsync).WithName("getSystemInfo");
        system.MapGet("/config", Config).WithName("getSystemConfiguration");
        system.MapGet("/enhanced", EnhancedAsync).WithName("getSystemStatistics").WithQuery(Window, Interval);
    }

    /// <summary>Show what there is, in numbers</summary>
    public static async Task<Ok<SystemInfoResponse>> InfoAsync(HttpContext context, SystemSnapshot snapshot) =>
        TypedResults.Ok(await snapshot.InfoAsync(context.RequestAborted));

    /// <summary>Show the settings in force, and where each comes from</summary>
    public static Ok<SettingListResponse> Config(ServerOptions options) => TypedResults.Ok(new SettingListResponse { Items = options.Settings });

    /// <summary>Show how it goes, with series for charts</summary>
    public static async Task<Ok<SystemEnhancedResponse>> EnhancedAsync(HttpContext context, IBroker broker, ServerCatalog servers, TimeProvider time)
    {
        var cancel = context.RequestAborted;
        long window = Window.Read(context) ?? 3600;
        long interval = Interval.Read(context) ?? Math.Max(1, window / 60);
        if (window / interval > MaxPoints)
            throw Errors.Of("interval", $"Is too short for the window: at most {MaxPoints} points are told.");
        var (from, to) = Range(time.GetUtcNow(), window, interval);
        var points = await broker.ThroughputAsync(from, to, TimeSpan.FromSeconds(interval), cancel);
        var hour = await broker.ThroughputAsync(time.GetUtcNow() - TimeSpan.FromHours(1), time.GetUtcNow(), TimeSpan.FromHours(1), cancel);
        var workers = await broker.ListWorkersAsync(cancel);
        var (connected, disconnected, unseen) = Reachable(
            (await servers.AllAsync(cancel)).All, await servers.StatusesAsync(cancel), workers.Any(w => w.Description.Capabilities.Shell));
        return TypedResults.Ok(new SystemEnhancedResponse
        {
            ConnectedServers = connected,
            DisconnectedServers = disconnected,
            UncheckedServers = unseen,
            AverageJobDuration = MeanOf(points),
            JobsPerHour = hour.Sum(p => p.Completed + p.Failed + p.Canceled),
            WorkerStatus = WorkerEndpoints.Stats(workers),
            Interval = interval,
            Throughput = [.. points.Select(p => new ThroughputResponse { At = p.At, Completed = p.Completed, Failed = p.Failed, Canceled = p.Canceled })],
            Latency = [.. points.Select(p => new LatencyResponse { At = p.At, AverageDuration = p.MeanDuration?.TotalSeconds })],
        });
    }

    /// <summary>Whole intervals, so that points do not shift from look to look; the last one is still going on.</summary>
    private static (DateTimeOffset From, DateTimeOffset To) Range(DateTimeOffset now, long window, long interval)
    {
        long end = (now.ToUnixTimeSeconds() / interval + 1) * interval;
        long count = (window + interval - 1) / interval;
        return (DateTimeOffset.FromUnixTimeSeconds(end - count * interval), DateTimeOffset.FromUnixTimeSeconds(end));
    }

    private static double? MeanOf(IReadOnlyList<ThroughputPoint> points)
    {
        long count = points.Where(p => p.MeanDuration is not null).Sum(p => p.Completed + p.Failed);
        return count == 0 ? null : points.Sum(p => (p.MeanDuration?.TotalSeconds ?? 0) * (p.Completed + p.Failed)) / count;
    }

    private static (int Connected, int Disconnected, int Unseen) Reachable(
        IReadOnlyList<ServerEntry> servers, IReadOnlyDictionary<string, StatusRecord> statuses, bool workersHere)
    {
        int connected = 0, disconnected = 0;
        foreach (var server in servers)
        {
            bool? ok = server.Record.Kind == ServerKind.Local ? workersHere : statuses.GetValueOrDefault(server.Id)?.Ok;
            connected += ok == true ? 1 : 0;
            disconnected += ok == false ? 1 : 0;
        }

        return (connected, disconnected, servers.Count - connected - disconnected);
    }
}

/// <summary>The totals.</summary>
internal sealed class SystemSnapshot(IBroker broker, ServerCatalog servers, ServerOptions options, TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();

    public async ValueTask<SystemInfoResponse> InfoAsync(CancellationToken cancel)
    {
        var counts = await broker.CountAsync(JobFilter.All, cancel);
        long ended = counts.Completed + counts.Failed;
        return new()
        {
            TotalServers = (await servers.AllAsync(cancel)).All.Count,
            TotalJobs = counts.Total,
            Counts = JobViews.Counts(counts),
            SuccessRate = ended == 0 ? null : (double)counts.Completed / ended,
            Version = options.Version,
            Uptime = Math.Round(time.GetElapsedTime(_startedAt).TotalSeconds, 3),
            Timestamp = time.GetUtcNow(),
        };
    }
}
