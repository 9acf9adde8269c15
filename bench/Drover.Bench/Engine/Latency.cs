using System.Diagnostics;
using Drover.Events;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Bench.Engine;

/// <summary>One job at a time on an idle engine, with pauses: how long until its handler starts, and until it is completed.</summary>
internal static class Latency
{
    public static async Task RunAsync(TestEngine engine, int samples)
    {
        var request = new EnqueueRequest(TestEngine.Noop);
        var (accepted, started, completed) = (new List<double>(), new List<double>(), new List<double>());
        var handler = new TaskCompletionSource<long>();
        engine.OnStart = _ => handler.TrySetResult(Stopwatch.GetTimestamp());
        for (int i = -50; i < samples; i++)
        {
            handler = new();
            using var stop = new CancellationTokenSource();
            await using var events = engine.Broker.Events.ReadAsync(EventTopics.Jobs, cancel: stop.Token).GetAsyncEnumerator(stop.Token);
            long began = Stopwatch.GetTimestamp();
            await engine.Broker.EnqueueAsync(request);
            double acceptedAfter = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            double startedAfter = Stopwatch.GetElapsedTime(began, await handler.Task).TotalMilliseconds;
            while (await events.MoveNextAsync() && events.Current.Status != JobStatus.Completed)
            {
            }

            // The first ones warm up.
            if (i >= 0)
            {
                accepted.Add(acceptedAfter);
                started.Add(startedAfter);
                completed.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        Console.WriteLine($"accepted {Show(accepted)}   handler started {Show(started)}   completed {Show(completed)}");
    }

    private static string Show(List<double> times)
    {
        times.Sort();
        return $"p50 {times[times.Count / 2]:N2} p99 {times[times.Count * 99 / 100]:N2} max {times[^1]:N2} ms";
    }
}
