using System.Buffers;
using System.Globalization;
using Drover.Brokers;
using Drover.Events;
using Drover.Server.Http;
using Drover.Server.Problems;

namespace Drover.Server.Live;

/// <summary>Changes as server-sent events.</summary>
internal static class EventStreamEndpoint
{
    private static readonly WordParameter Topic = new("topic", ["jobs", "workers", "queues", "servers"], "Only this topic; may be repeated. All when none is given.", repeatable: true);
    private static readonly NumberParameter After = new("after", 0, long.MaxValue, "Only what came after this event id; in place of the header Last-Event-ID.");

    public static void MapEventStream(this IEndpointRouteBuilder api) =>
        api.MapGet("/events", ReadAsync).WithName("readEvents").WithTags("Live").WithQuery(Topic, After);

    /// <summary>Hear of changes as they happen</summary>
    /// <remarks>
    /// Server-sent events, named after their topic (<c>jobs</c>, <c>workers</c>, <c>queues</c>, <c>servers</c>), whose data is
    /// <c>{"topic", "event", "seq", "data"}</c>. <c>Last-Event-ID</c> resumes. The event <c>reset</c> says that some are
    /// missing: read the state anew.
    /// </remarks>
    public static IResult ReadAsync(HttpContext context, IBroker broker, LiveData data)
    {
        var topics = Topic.ReadAll(context).Aggregate(EventTopics.None, (all, word) => all | word switch
        {
            "jobs" => EventTopics.Jobs,
            "workers" => EventTopics.Workers,
            "queues" => EventTopics.Queues,
            _ => EventTopics.Servers,
        });
        if (topics == EventTopics.None)
            topics = EventTopics.Jobs | EventTopics.Workers | EventTopics.Queues | EventTopics.Servers;
        long? after = After.Read(context);
        string resume = context.Request.Headers["Last-Event-ID"].ToString();
        if (resume.Length > 0)
            after = long.TryParse(resume, NumberStyles.None, CultureInfo.InvariantCulture, out long seq) ? seq : throw Errors.Of("Last-Event-ID", "Must be an event's id.");
        return new Stream(broker, data, topics, after);
    }

    private sealed class Stream(IBroker broker, LiveData data, EventTopics topics, long? after) : EventStreamResult, ILiveSink
    {
        private readonly ArrayBufferWriter<byte> _buffer = new();

        protected override async Task WriteAsync(CancellationToken cancel)
        {
            // The place is taken before the client learns that the stream stands.
            var pump = new EventPump(broker, data, this, Time);
            long begin = after ?? broker.Events.LastSeq;
            WriteHeartbeat();
            await FlushAsync();
            await pump.RunAsync(topics, null, "all", begin, Heartbeat, BeatAsync, cancel);
        }

        public async ValueTask SendAsync(LiveFrame frame)
        {
            _buffer.ResetWrittenCount();
            frame.WriteTo(_buffer);
            Write(frame.Seq, frame.Event == "reset" ? "reset" : frame.Topic, _buffer.WrittenSpan);
            await FlushIfFullAsync();
        }

        ValueTask ILiveSink.FlushAsync() => FlushAsync();

        private ValueTask BeatAsync()
        {
            WriteHeartbeat();
            return FlushAsync();
        }
    }
}
