using Drover.Brokers;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Queues;

/// <summary>Queues, their load and pace.</summary>
internal static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder api)
    {
        var queues = api.MapGroup("/queues").WithTags("Queues");
        queues.MapGet("", ListAsync).WithName("listQueues");
        queues.MapGet("/{name}", GetAsync).WithName("getQueue");
        queues.MapGet("/{name}/stats", StatsAsync).WithName("getQueueStats");
        queues.MapPost("/{name}/pause", PauseAsync).WithName("pauseQueue");
        queues.MapPost("/{name}/resume", ResumeAsync).WithName("resumeQueue");
    }

    /// <summary>List queues</summary>
    public static async Task<Ok<QueueListResponse>> ListAsync(HttpContext context, IBroker broker, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return TypedResults.Ok(new QueueListResponse { Items = [.. (await QueueViews.AllAsync(broker, context.RequestAborted)).Select(q => QueueViews.Queue(q, now))] });
    }

    /// <summary>Show a queue</summary>
    /// <param name="name">Its name.</param>
    public static async Task<Results<Ok<QueueResponse>, NotFoundProblem>> GetAsync(string name, HttpContext context, IBroker broker, TimeProvider time) =>
        await FindAsync(name, context, broker) is { } queue ? TypedResults.Ok(QueueViews.Queue(queue, time.GetUtcNow())) : Missing(name);

    /// <summary>Show a queue's load and pace</summary>
    /// <param name="name">Its name.</param>
    public static async Task<Results<Ok<QueueStatsResponse>, NotFoundProblem>> StatsAsync(string name, HttpContext context, IBroker broker, TimeProvider time) =>
        await FindAsync(name, context, broker) is { } queue ? TypedResults.Ok(QueueViews.Stats(queue, time.GetUtcNow())) : Missing(name);

    /// <summary>Pause a queue</summary>
    /// <remarks>Nothing more is started from it, also after a restart; jobs that run go on, and new ones are taken.</remarks>
    /// <param name="name">Its name.</param>
    public static Task<Ok<QueueResponse>> PauseAsync(string name, HttpContext context, IBroker broker, AuditTrail audit, TimeProvider time) =>
        SetPausedAsync(name, true, context, broker, audit, time);

    /// <summary>Resume a queue</summary>
    /// <param name="name">Its name.</param>
    public static Task<Ok<QueueResponse>> ResumeAsync(string name, HttpContext context, IBroker broker, AuditTrail audit, TimeProvider time) =>
        SetPausedAsync(name, false, context, broker, audit, time);

    private static async Task<Ok<QueueResponse>> SetPausedAsync(string name, bool paused, HttpContext context, IBroker broker, AuditTrail audit, TimeProvider time)
    {
        await broker.SetPausedAsync(name, paused, context.RequestAborted);
        await audit.RecordAsync(context.Caller(), paused ? "queue.pause" : "queue.resume", name);
        var queue = await FindAsync(name, context, broker)
            ?? new(new(name, paused, new long[10], 0, 0, 0, null), 0, 0, 0, null, null, null);
        return TypedResults.Ok(QueueViews.Queue(queue, time.GetUtcNow()));
    }

    private static async ValueTask<QueueStats?> FindAsync(string name, HttpContext context, IBroker broker) =>
        (await QueueViews.AllAsync(broker, context.RequestAborted)).FirstOrDefault(q => q.Queue.Name == name);

    private static NotFoundProblem Missing(string name) => new($"There is no queue '{name}': no job was ever in it.");
}
