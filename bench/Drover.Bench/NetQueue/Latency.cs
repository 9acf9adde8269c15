using System.Diagnostics;
using Drover.Brokers;
using Drover.Sqlite;

namespace Drover.Bench.NetQueue;

/// <summary>From submit to the worker's hands while nothing else goes on.</summary>
internal static class Latency
{
    private const int Times = 400;

    public static async Task RunAsync(Durability durability)
    {
        await using var served = await Served.OpenAsync(durability);
        await using var producer = NetQueueBench.Client(served.Port);
        await using var worker = NetQueueBench.Client(served.Port);
        for (int round = 0; round < 3; round++)
        {
            await MeasureAsync("in process", served.Broker, served.Broker);
            await MeasureAsync("over TCP", producer, worker);
        }
    }

    private static async Task MeasureAsync(string what, IBroker producer, IBroker worker)
    {
        await using var session = await worker.ConnectAsync(Lives.Worker("latency"));
        var times = new List<double>();
        for (int n = 0; n < Times; n++)
        {
            var waiting = session.LeaseAsync(1).AsTask();
            // The lease request has arrived and waits.
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
            long began = Stopwatch.GetTimestamp();
            var adding = producer.EnqueueAsync(new(Store.Life.Spec(n)));
            var leases = await waiting;
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await adding;
            await session.FinishAsync([new(leases[0].Token, new() { Kind = Jobs.OutcomeKind.Completed })]);
        }

        times.Sort();
        Console.WriteLine($"{what}: p50 {times[Times / 2]:N3} ms, p95 {times[Times * 95 / 100]:N3} ms, p99 {times[Times * 99 / 100]:N3} ms");
    }
}
