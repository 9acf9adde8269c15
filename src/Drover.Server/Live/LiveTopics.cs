using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Output;
using Drover.Server.Contracts;
using Drover.Server.Jobs;
using Drover.Server.Json;
using Drover.Server.Logs;

namespace Drover.Server.Live;

/// <summary>What a WebSocket client can subscribe to, and what then runs for it.</summary>
internal sealed class LiveTopics(IBroker broker, LiveData data, LiveTicker ticker, TimeProvider time)
{
    /// <summary>Whether there is such a topic.</summary>
    public static bool Exists(string topic) =>
        topic is "jobs" or "workers" or "queues" or "servers" or "system" || JobOf(topic, "job:") is not null || JobOf(topic, "logs:") is not null;

    /// <summary>Runs a subscription until it is canceled or there is nothing more to tell.</summary>
    public Task RunAsync(string topic, long? after, ILiveSink sink, CancellationToken cancel)
    {
        if (JobOf(topic, "logs:") is { } logs)
            return LogAsync(topic, logs, after ?? 0, sink, cancel);
        if (JobOf(topic, "job:") is { } job)
            return JobAsync(topic, job, after, sink, cancel);
        return topic switch
        {
            "jobs" => EventsAsync(EventTopics.Jobs, topic, after, sink, cancel),
            "workers" => BothAsync(EventTopics.Workers, topic, after, sink, cancel),
            "queues" => BothAsync(EventTopics.Queues, topic, after, sink, cancel),
            "servers" => EventsAsync(EventTopics.Servers, topic, after, sink, cancel),
            _ => SystemAsync(topic, sink, cancel),
        };
    }

    private async Task EventsAsync(EventTopics topics, string topic, long? after, ILiveSink sink, CancellationToken cancel)
    {
        long begin = after ?? broker.Events.LastSeq;
        await SubscribedAsync(topic, begin, sink);
        await new EventPump(broker, data, sink, time).RunAsync(topics, null, topic, begin, default, null, cancel);
    }

    private async Task BothAsync(EventTopics topics, string topic, long? after, ILiveSink sink, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var events = EventsAsync(topics, topic, after, sink, either.Token);
        var ticks = ticker.RunAsync(topic, sink, either.Token);
        await Task.WhenAny(events, ticks);
        await either.CancelAsync();
        await Task.WhenAll(events, ticks);
    }

    private async Task SystemAsync(string topic, ILiveSink sink, CancellationToken cancel)
    {
        await SubscribedAsync(topic, null, sink);
        await ticker.RunAsync(topic, sink, cancel);
    }

    private async Task JobAsync(string topic, Guid job, long? after, ILiveSink sink, CancellationToken cancel)
    {
        long begin = after ?? broker.Events.LastSeq;
        await SubscribedAsync(topic, begin, sink);
        if (after is null)
        {
            var found = await data.JobsAsync([job], withAttempts: true, cancel);
            if (!found.TryGetValue(job, out byte[]? now))
            {
                await MissingAsync(topic, job, sink);
                return;
            }

            await sink.SendAsync(new(topic, "snapshot", begin, now));
            await sink.FlushAsync();
        }

        // A task tells its progress in its output.
        bool isTask = (await broker.GetAsync([job], cancel))[0]?.Spec.Kind == JobKind.Task;
        var topics = isTask ? EventTopics.Jobs | EventTopics.Output : EventTopics.Jobs;
        await new EventPump(broker, data, sink, time).RunAsync(topics, job, topic, begin, default, null, cancel);
    }

    private async Task LogAsync(string topic, Guid job, long after, ILiveSink sink, CancellationToken cancel)
    {
        await SubscribedAsync(topic, after, sink);
        bool complete = false;
        await foreach (var page in LogFollower.FollowAsync(broker, new OutputQuery(job, after), TimeSpan.FromMinutes(1), time, cancel))
        {
            for (int i = 0; i < page.Entries.Count; i++)
            {
                var entry = LogViews.Entry(page.Entries[i], base64: false);
                await sink.SendAsync(new(topic, "log", entry.Seq, LiveData.Bytes(entry, DroverJson.Api.LogEntry)));
            }

            await sink.FlushAsync();
            complete = page.Complete;
        }

        if ((await broker.GetAsync([job], cancel))[0] is not { } ended)
            await MissingAsync(topic, job, sink);
        else if (complete)
            await sink.SendAsync(new(topic, "end", null, LiveData.Bytes(JobViews.End(ended), DroverJson.Api.LogEndResponse)));
        await sink.FlushAsync();
    }

    private static async ValueTask SubscribedAsync(string topic, long? seq, ILiveSink sink)
    {
        await sink.SendAsync(new(topic, "subscribed", seq, default));
        await sink.FlushAsync();
    }

    private static async ValueTask MissingAsync(string topic, Guid job, ILiveSink sink)
    {
        var problem = new ProblemBody { Title = "Not found", Status = StatusCodes.Status404NotFound, Detail = $"There is no job {job}." };
        await sink.SendAsync(new(topic, "error", null, LiveData.Bytes(problem, DroverJson.Api.ProblemBody)));
        await sink.FlushAsync();
    }

    private static Guid? JobOf(string topic, string prefix) =>
        topic.StartsWith(prefix, StringComparison.Ordinal) && Guid.TryParseExact(topic.AsSpan(prefix.Length), "D", out var id) ? id : null;
}
