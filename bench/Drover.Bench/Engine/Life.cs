using System.Diagnostics;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Bench.Engine;

/// <summary>Callers that each wait for their jobs to be accepted, and a worker that runs them: counted until all are completed.</summary>
internal static class Life
{
    public static async Task RunAsync(TestEngine engine, int callers, int batch, double seconds)
    {
        var request = new EnqueueRequest([.. Enumerable.Repeat(TestEngine.Noop, batch)]);
        // No further ahead than the worker: what is measured is the whole life.
        using var room = new SemaphoreSlim(Math.Max(4000, 4 * callers * batch));
        engine.OnStart = _ => room.Release();
        long began = Stopwatch.GetTimestamp();
        long allocated = GC.GetTotalAllocatedBytes();
        var cpu = Environment.CpuUsage.TotalTime;
        var accepted = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(ProduceAsync)));
        double producing = Stopwatch.GetElapsedTime(began).TotalSeconds;
        long total = accepted.Sum();
        while ((await engine.Broker.CountAsync(JobFilter.All)).Completed < total)
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);

        double elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine($"{total / elapsed,10:N0} jobs/s whole life   {total / producing,10:N0}/s accepted   "
            + $"{(GC.GetTotalAllocatedBytes() - allocated) / total,6:N0} B/job   {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / total,6:N1} µs CPU/job   "
            + $"GC {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)}");

        async Task<long> ProduceAsync()
        {
            long count = 0;
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                for (int n = 0; n < batch; n++)
                    await room.WaitAsync();
                await engine.Broker.EnqueueAsync(request);
                count += batch;
            }

            return count;
        }
    }
}
