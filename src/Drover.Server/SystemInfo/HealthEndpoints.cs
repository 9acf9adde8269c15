using Drover.Brokers;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Json;
using Drover.Server.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.SystemInfo;

/// <summary>For load balancers and supervisors; these ask for no token.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder root)
    {
        var health = root.MapGroup("/health").WithTags("Health").WithMetadata(OpenToAll.Mark);
        health.MapGet("", ReadyAsync).WithName("getHealth").Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable);
        health.MapGet("/ready", ReadyAsync).WithName("getReadiness").Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable);
        health.MapGet("/live", Live).WithName("getLiveness");
    }

    /// <summary>Show whether Drover and all it depends on work</summary>
    public static async Task<JsonHttpResult<HealthResponse>> ReadyAsync(HttpContext context, HealthChecks checks)
    {
        var health = await checks.LookAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(health, DroverJson.Api.HealthResponse,
            statusCode: health.Status == HealthState.Failed ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    /// <summary>Show whether the process answers</summary>
    public static Ok<HealthResponse> Live(ServerOptions options) =>
        TypedResults.Ok(new HealthResponse { Status = HealthState.Ok, Version = options.Version, Checks = new Dictionary<string, HealthCheckResponse>() });
}

/// <summary>Looks at what Drover depends on, at most once a second however many ask: nobody needs a token for it.</summary>
internal sealed class HealthChecks(IBroker broker, Drover.Catalog.ICatalog catalog, ServerOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _looking = new(1);
    private (HealthResponse? Health, long At) _latest;

    public async ValueTask<HealthResponse> LookAsync(CancellationToken cancel)
    {
        await _looking.WaitAsync(cancel);
        try
        {
            if (_latest.Health is null || time.GetElapsedTime(_latest.At) >= MaxAge)
                _latest = (await LookAnewAsync(), time.GetTimestamp());
            return _latest.Health!;
        }
        finally
        {
            _looking.Release();
        }
    }

    public void Dispose() => _looking.Dispose();

    private async Task<HealthResponse> LookAnewAsync()
    {
        // At once: those who ask wait for few seconds, and when a queue server is away each look takes all its patience.
        var store = TryAsync(async cancel => { await broker.PingAsync(cancel); return null; }, HealthState.Failed);
        var servers = TryAsync(async cancel => { await catalog.ListAsync("server", cancel); return null; }, HealthState.Failed);
        var workers = TryAsync(WorkersAsync, HealthState.Degraded);
        var checks = new Dictionary<string, HealthCheckResponse> { ["store"] = await store, ["catalog"] = await servers, ["workers"] = await workers };
        return new() { Status = checks.Values.Max(c => c.Status), Version = options.Version, Checks = checks };
    }

    private async ValueTask<string?> WorkersAsync(CancellationToken cancel)
    {
        var stats = WorkerEndpoints.Stats(await broker.ListWorkersAsync(cancel));
        return stats.ActiveWorkers > 0
            ? $"{stats.ActiveWorkers} connected, {stats.Busy} of {stats.TotalCapacity} slots busy"
            : throw new InvalidOperationException("No worker is connected; jobs wait.");
    }

    private async Task<HealthCheckResponse> TryAsync(Func<CancellationToken, ValueTask<string?>> look, HealthState otherwise)
    {
        long start = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(Patience, time);
        try
        {
            string? detail = await look(deadline.Token).AsTask().WaitAsync(deadline.Token);
            return new() { Status = HealthState.Ok, Detail = detail, LatencyMs = Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 3) };
        }
        catch (Exception e)
        {
            return new()
            {
                Status = otherwise,
                Detail = e is OperationCanceledException ? $"No answer within {Patience.TotalSeconds:0} seconds." : e.Message,
                LatencyMs = Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 3),
            };
        }
    }
}
