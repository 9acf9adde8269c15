using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Problems;

namespace Drover.Server.Live;

/// <summary>Changes as they happen.</summary>
internal static class LiveEndpoints
{
    public static void MapLive(this IEndpointRouteBuilder api)
    {
        api.MapEventStream();
        api.MapGet("/ws", OpenAsync).WithName("openWebSocket").WithTags("Live");
    }

    /// <summary>Open a WebSocket</summary>
    /// <remarks>
    /// Send <c>{"op": "subscribe", "topic": "jobs", "after": SEQ}</c> or <c>unsubscribe</c>; topics are <c>jobs</c>, <c>job:ID</c>,
    /// <c>logs:ID</c>, <c>workers</c>, <c>queues</c>, <c>servers</c> and <c>system</c>. What comes is
    /// <c>{"topic", "event", "seq", "data"}</c>; <c>after</c> goes on behind a seq that was seen. A slow client hears of each
    /// job only the latest, and <c>reset</c> when it must read the state anew; logs lose nothing.
    /// </remarks>
    public static async Task OpenAsync(
        HttpContext context, LiveTopics topics, StreamSlots slots, ServerOptions options, TimeProvider time, ILoggerFactory logs)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await ProblemResult.WriteAsync(context, new ProblemBody
            {
                Title = "Upgrade required",
                Status = StatusCodes.Status426UpgradeRequired,
                Detail = "This is a WebSocket; connect with one. Server-sent events are at /api/v1/events.",
            });
            return;
        }

        using var slot = slots.TryEnter();
        if (slot is null)
        {
            await ProblemResult.WriteAsync(context, new ProblemBody
            {
                Title = "Too many streams",
                Status = StatusCodes.Status503ServiceUnavailable,
                Detail = $"There are {options.MaxStreams} open streams already.",
            });
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var live = new LiveSocket(socket, topics, options, time, logs.CreateLogger<LiveSocket>());
        await live.RunAsync(slots.Stopping);
    }
}
