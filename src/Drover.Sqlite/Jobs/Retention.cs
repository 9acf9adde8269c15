using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Picks the jobs that are too old, on the caller's thread.</summary>
internal static class Retention
{
    public static List<(long Seq, long FinishedAt)> Pick(RetentionPolicy policy, long now, int max, Columns columns)
    {
        var old = new List<(long, long)>();
        long completed = policy.Completed is { } keep ? now - keep.Ticks : long.MinValue;
        long failed = policy.Failed is { } keepFailed ? now - keepFailed.Ticks : long.MinValue;
        var chunks = columns.Chunks;
        for (int at = 0; at < chunks.Length; at++)
        {
            if (chunks[at] is not { } chunk)
                continue;
            for (int row = 0; row < Columns.ChunkSize && old.Count < max; row++)
            {
                var status = chunk.Status[row];
                if (status.IsFinal() && chunk.Finished[row] < (status == JobStatus.Failed ? failed : completed))
                    old.Add((((long)at << Columns.ChunkBits) + row, chunk.Finished[row]));
            }
        }

        return old;
    }
}

/// <summary>Counts what ended in each interval.</summary>
internal static class Throughput
{
    public static List<ThroughputPoint> Of(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, Columns columns)
    {
        int points = from >= to ? 0 : (int)Math.Ceiling((to - from) / interval);
        var counts = new long[points, 8];
        var milliseconds = new long[points];
        var ran = new long[points];
        foreach (var chunk in columns.Chunks)
        {
            for (int row = 0; chunk is not null && row < Columns.ChunkSize; row++)
            {
                long finished = chunk.Finished[row];
                if (finished < from.UtcTicks || finished >= to.UtcTicks || !chunk.Status[row].IsFinal())
                    continue;
                int point = (int)((finished - from.UtcTicks) / interval.Ticks);
                counts[point, (int)chunk.Status[row]]++;
                if (chunk.Status[row] == JobStatus.Canceled || chunk.Milliseconds[row] < 0)
                    continue;
                milliseconds[point] += chunk.Milliseconds[row];
                ran[point]++;
            }
        }

        return [.. Enumerable.Range(0, points).Select(point => new ThroughputPoint(
            from + (point * interval), counts[point, (int)JobStatus.Completed], counts[point, (int)JobStatus.Failed], counts[point, (int)JobStatus.Canceled],
            ran[point] == 0 ? null : TimeSpan.FromMilliseconds((double)milliseconds[point] / ran[point])))];
    }
}
