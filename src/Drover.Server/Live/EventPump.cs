using Drover.Brokers;
using Drover.Events;
using Drover.Server.Contracts;
using Drover.Server.Json;

namespace Drover.Server.Live;

/// <summary>
/// Tells a client of events, batch by batch: while it is slow they wait in the feed's own ring, and of each job it
/// then hears only the latest. What it is too slow even for becomes one <c>reset</c>: read the state anew.
/// </summary>
internal sealed class EventPump(IBroker broker, LiveData data, ILiveSink sink, TimeProvider time)
{
    private static readonly TimeSpan PauseAfterFlood = TimeSpan.FromMilliseconds(500);
    private ProgressBody? _progress;

    /// <summary>Runs until canceled or the feed ends.</summary>
    /// <param name="topics">Which events.</param>
    /// <param name="job">Only this job's; null for any.</param>
    /// <param name="topic">The topic that <c>reset</c> is sent under, and that of a single job.</param>
    /// <param name="after">The last seq that the client has seen; null to begin now.</param>
    /// <param name="heartbeat">How often <paramref name="onQuiet"/> is called while nothing happens.</param>
    /// <param name="onQuiet">Shows the client that the stream lives.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task RunAsync(
        EventTopics topics, Guid? job, string topic, long? after, TimeSpan heartbeat, Func<ValueTask>? onQuiet, CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var events = broker.Events.ReadAsync(topics, after, job, ending.Token).GetAsyncEnumerator(ending.Token);
        var moving = Task.FromResult(true);
        var batch = new EventBatch();
        try
        {
            while (true)
            {
                var move = events.MoveNextAsync();
                moving = move.IsCompletedSuccessfully ? (move.Result ? moving : Task.FromResult(false)) : move.AsTask();
                if (!moving.IsCompleted && !batch.IsEmpty)
                    await SendAsync(batch, job, topic, cancel);
                if (!await QuietAsync(moving, heartbeat, onQuiet, cancel))
                    return;
                moving = Task.FromResult(true);
                batch.Add(events.Current);
                if (batch.IsFull)
                    await SendAsync(batch, job, topic, cancel);
            }
        }
        finally
        {
            // A feed that is being waited for cannot be left before it has let go.
            await ending.CancelAsync();
            await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync();
        }
    }

    private async ValueTask<bool> QuietAsync(Task<bool> moving, TimeSpan heartbeat, Func<ValueTask>? onQuiet, CancellationToken cancel)
    {
        while (onQuiet is not null && !moving.IsCompleted)
        {
            try
            {
                return await moving.WaitAsync(heartbeat, time, cancel);
            }
            catch (TimeoutException)
            {
                await onQuiet();
            }
        }

        return await moving;
    }

    private async ValueTask SendAsync(EventBatch batch, Guid? job, string topic, CancellationToken cancel)
    {
        bool flood = batch.HasTooManyJobs;
        var jobs = flood ? [] : await data.JobsAsync(batch.Jobs, withAttempts: job is not null, cancel);
        if (batch.Missed || flood)
            await sink.SendAsync(new(topic, "reset", batch.LastSeq, default));
        foreach (var (e, created) in batch.InOrder())
        {
            if (e.Kind == EventKind.OutputAppended)
                await SendProgressAsync(e, topic, cancel);
            else
                await sink.SendAsync(e.Topic == EventTopics.Jobs ? JobFrame(e, created, jobs, job is null ? "jobs" : topic) : await data.FrameAsync(e, cancel));
        }

        await sink.FlushAsync();
        batch.Clear();
        if (flood)
            await Task.Delay(PauseAfterFlood, time, cancel);
    }

    private async ValueTask SendProgressAsync(BrokerEvent e, string topic, CancellationToken cancel)
    {
        if (await data.ProgressAsync(e.JobId, cancel) is not { } progress || progress == _progress)
            return;
        _progress = progress;
        await sink.SendAsync(new(topic, "progress", e.Seq, LiveData.Bytes(progress, DroverJson.Api.ProgressBody)));
    }

    private static LiveFrame JobFrame(BrokerEvent e, bool created, Dictionary<Guid, byte[]> jobs, string topic)
    {
        if (!jobs.TryGetValue(e.JobId, out byte[]? job))
            return new(topic, "deleted", e.Seq, LiveData.Subject(e.JobId.ToString()));
        string name = created ? "created" : e.Kind == EventKind.JobUpdated ? "updated" : "changed";
        return new(topic, name, e.Seq, job);
    }
}
