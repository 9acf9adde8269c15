using Drover.Brokers;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Messages;

/// <summary>Queues: their state, pause, limits.</summary>
internal static class QueueMessages
{
    // queues: count var, each: name text | paused bool | depth by priority: 10 × i64 | scheduled i64 | retrying i64 | running i64
    // | active_workers int | arrival_rate f64 | processing_rate f64 | has u8
    // | then each whose bit is set: 0 oldest_ready_at time | 1 average_wait duration | 2 p50_wait duration | 3 p95_wait duration
    public static void WriteStats(FrameWriter w, IReadOnlyList<QueueStats> queues)
    {
        w.Count(queues.Count);
        foreach (var stats in queues)
        {
            var queue = stats.Queue;
            w.Text(queue.Name);
            w.Bool(queue.Paused);
            for (int priority = 0; priority < 10; priority++)
                w.I64(queue.DepthByPriority[priority]);
            w.I64(queue.Scheduled);
            w.I64(queue.Retrying);
            w.I64(queue.Running);
            w.Int(stats.ActiveWorkers);
            w.F64(stats.ArrivalRate);
            w.F64(stats.ProcessingRate);
            w.U8((byte)((queue.OldestReadyAt is null ? 0 : 1) | (stats.AverageWait is null ? 0 : 2) | (stats.P50Wait is null ? 0 : 4) | (stats.P95Wait is null ? 0 : 8)));
            if (queue.OldestReadyAt is { } oldest)
                w.Time(oldest);
            if (stats.AverageWait is { } average)
                w.Duration(average);
            if (stats.P50Wait is { } p50)
                w.Duration(p50);
            if (stats.P95Wait is { } p95)
                w.Duration(p95);
        }
    }

    public static IReadOnlyList<QueueStats> ReadStats(ref BodyReader r)
    {
        var queues = new QueueStats[r.Count(125)];
        for (int i = 0; i < queues.Length; i++)
            queues[i] = ReadOne(ref r);
        return queues;
    }

    // queue text | paused bool
    public static void WritePause(FrameWriter w, string queue, bool paused)
    {
        w.Text(queue);
        w.Bool(paused);
    }

    // limits: count var, each: key text | limited bool | if limited: limit int
    public static void WriteLimits(FrameWriter w, IReadOnlyDictionary<string, int?> limits)
    {
        w.Count(limits.Count);
        foreach (var (key, limit) in limits)
        {
            w.Text(key);
            w.Bool(limit is not null);
            if (limit is { } most)
                w.Int(most);
        }
    }

    public static Dictionary<string, int?> ReadLimits(ref BodyReader r)
    {
        var limits = new Dictionary<string, int?>(StringComparer.Ordinal);
        for (int left = r.Count(2); left > 0; left--)
            limits[r.Text()] = r.Bool() ? r.Int() : null;
        return limits;
    }

    private static QueueStats ReadOne(ref BodyReader r)
    {
        string name = r.Word();
        bool paused = r.Bool();
        long[] depth = new long[10];
        for (int priority = 0; priority < depth.Length; priority++)
            depth[priority] = r.I64();
        long scheduled = r.I64(), retrying = r.I64(), running = r.I64();
        int workers = r.Int();
        double arrivals = r.F64(), rate = r.F64();
        byte has = r.UpTo(15);
        DateTimeOffset? oldest = (has & 1) != 0 ? r.Time() : null;
        return new(
            new(name, paused, depth, scheduled, retrying, running, oldest), workers, arrivals, rate,
            (has & 2) != 0 ? r.Duration() : null, (has & 4) != 0 ? r.Duration() : null, (has & 8) != 0 ? r.Duration() : null);
    }
}
