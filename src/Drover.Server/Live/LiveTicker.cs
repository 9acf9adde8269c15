using System.Collections.Concurrent;

namespace Drover.Server.Live;

/// <summary>
/// Figures that change all the time (queue depths, slots, counts) have no events of their own: clients that look at them
/// get them every two seconds, when they differ. However many look, they are read once.
/// </summary>
internal sealed class LiveTicker(LiveData data, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (byte[] Data, long At)> _latest = new(StringComparer.Ordinal);

    /// <summary>Sends <c>stats</c> of <c>queues</c>, <c>workers</c> or <c>system</c> until canceled.</summary>
    public async Task RunAsync(string topic, ILiveSink sink, CancellationToken cancel)
    {
        byte[]? before = null;
        while (true)
        {
            byte[] now = await ReadAsync(topic, cancel);
            if (before is null || !now.AsSpan().SequenceEqual(before))
            {
                await sink.SendAsync(new(topic, "stats", null, now));
                await sink.FlushAsync();
            }

            before = now;
            await Task.Delay(Interval, time, cancel);
        }
    }

    private async ValueTask<byte[]> ReadAsync(string topic, CancellationToken cancel)
    {
        if (_latest.TryGetValue(topic, out var latest) && time.GetElapsedTime(latest.At) < MaxAge)
            return latest.Data;
        byte[] bytes = topic switch
        {
            "queues" => await data.QueuesAsync(cancel),
            "workers" => await data.WorkersAsync(cancel),
            _ => await data.SystemAsync(cancel),
        };
        _latest[topic] = (bytes, time.GetTimestamp());
        return bytes;
    }
}
