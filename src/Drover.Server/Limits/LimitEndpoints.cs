using Drover.Brokers;
using Drover.Limits;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Jobs;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Limits;

/// <summary>Limits on how many jobs run at once and start in a time.</summary>
internal static class LimitEndpoints
{
    public static void MapLimits(this IEndpointRouteBuilder api)
    {
        var limits = api.MapGroup("/limits").WithTags("Limits");
        limits.MapGet("", ListAsync).WithName("listLimits");
        limits.MapGet("/{key}", GetAsync).WithName("getLimit");
        limits.MapPut("/{key}", SetAsync).WithName("setLimit");
        limits.MapDelete("/{key}", LiftAsync).WithName("liftLimit");
    }

    /// <summary>List limits</summary>
    public static async Task<Ok<LimitListResponse>> ListAsync(HttpContext context, LimitCatalog limits) => TypedResults.Ok(new LimitListResponse
    {
        Items = [.. (await limits.AllAsync(context.RequestAborted)).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => View(l.Key, l.Value))],
    });

    /// <summary>Show a limit</summary>
    /// <param name="key"><c>queue:NAME</c> or <c>key:KEY</c>.</param>
    public static async Task<Results<Ok<LimitResponse>, NotFoundProblem>> GetAsync(string key, HttpContext context, LimitCatalog limits) =>
        (await limits.AllAsync(context.RequestAborted)).TryGetValue(key, out var limit) ? TypedResults.Ok(View(key, limit)) : Missing(key);

    /// <summary>Set a limit</summary>
    /// <remarks>In place of the one that the key has. Jobs over it stay queued and hold up no others; each starts when there is room. It holds on all nodes within seconds; a rate is counted by each node on its own.</remarks>
    /// <param name="key"><c>queue:NAME</c> for all jobs of a queue, <c>key:KEY</c> for tasks with that <c>limit_key</c>.</param>
    public static async Task<Ok<LimitResponse>> SetAsync(string key, LimitRequest request, HttpContext context, LimitCatalog limits, AuditTrail audit)
    {
        RateLimit? rate = null;
        if (request.Rate is { } body)
        {
            if (body.Count is not { } count || body.Per is not { } per)
                throw Errors.Of("rate", "Give count and per.");
            rate = new(count, SpecBuilder.Seconds(per));
        }

        var limit = new JobLimit(request.MaxRunning, rate);
        await limits.SetAsync(key, limit, context.RequestAborted);
        await audit.RecordAsync(context.Caller(), "limit.set", key);
        return TypedResults.Ok(View(key, limit));
    }

    /// <summary>Lift a limit</summary>
    /// <param name="key">Its key.</param>
    public static async Task<Results<NoContent, NotFoundProblem>> LiftAsync(string key, HttpContext context, LimitCatalog limits, AuditTrail audit)
    {
        if (!await limits.LiftAsync(key, context.RequestAborted))
            return Missing(key);
        await audit.RecordAsync(context.Caller(), "limit.lift", key);
        return TypedResults.NoContent();
    }

    private static NotFoundProblem Missing(string key) => new($"There is no limit '{key}'.");

    private static LimitResponse View(string key, JobLimit limit) => new()
    {
        Key = key,
        MaxRunning = limit.MaxRunning,
        Rate = limit.Rate is { } rate ? new() { Count = rate.Count, Per = rate.Per.TotalSeconds } : null,
    };
}
