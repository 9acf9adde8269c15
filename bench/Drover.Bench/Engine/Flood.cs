using System.Diagnostics;
using Drover.Jobs;
using Drover.Output;

namespace Drover.Bench.Engine;

/// <summary>A job that prints as fast as it can: how fast its output is taken, and how much memory that costs.</summary>
internal static class Flood
{
    public static async Task RunAsync(TestEngine engine, int megabytes)
    {
        string line = new('x', 1023);
        long peak = 0;
        double printing = 0;
        engine.OnStart = context =>
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < megabytes * 1024; i++)
            {
                context.Log(line);
                if (i % 16384 == 0)
                    peak = Math.Max(peak, Environment.WorkingSet);
            }

            printing = Stopwatch.GetElapsedTime(began).TotalSeconds;
        };
        long begin = Stopwatch.GetTimestamp();
        var id = (await engine.Broker.EnqueueAsync(new(TestEngine.Noop))).Jobs[0].Id;
        while ((await engine.Broker.CountAsync(JobFilter.All)).Completed == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        double elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        Console.WriteLine($"{megabytes / elapsed,8:N0} MB/s in all, {megabytes / printing,8:N0} MB/s while printing, peak {peak >> 20} MB; {await DescribeAsync(engine, id)}");
    }

    private static async Task<string> DescribeAsync(TestEngine engine, Guid id)
    {
        long kept = 0, gaps = 0, dropped = 0, after = 0;
        while ((await engine.Broker.ReadOutputAsync(new(id, after, Limit: 10_000)))! is { Entries.Count: > 0 } page)
        {
            kept += page.Entries.Sum(e => e.Bytes.Length);
            gaps += page.Entries.Count(e => e.Stream == OutputStream.Gap);
            dropped += page.Entries.Sum(e => e.DroppedBytes);
            after = page.Next;
        }

        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"kept {kept >> 20} MB, {gaps} gap of {dropped >> 20} MB");
    }
}
