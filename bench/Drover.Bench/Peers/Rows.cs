using System.Diagnostics;
using System.Text.Json;
using Drover.Brokers;
using Drover.Jobs;

namespace Drover.Bench.Peers;

/// <summary>The rows on which other queues are measured too (<c>bench/peers/measure.mjs</c>): rates in jobs a second, times in milliseconds.</summary>
internal sealed record Rows(double Enqueue, double Process, double EnqueueBulk, double Both, double LatencyP50, double LatencyP99)
{
    /// <summary>Callers that each wait for the answer.</summary>
    public const int Callers = 50;

    private const int Bulk = 500;

    private static readonly JobSpec Spec = new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = "noop", Payload = JsonSerializer.SerializeToUtf8Bytes(new string('x', 198)) },
    };

    private static readonly JobSpec[] Many = [.. Enumerable.Repeat(Spec, Bulk)];

    /// <summary>Microseconds of CPU that the store's server took for a whole life, both at once; null where nobody counted.</summary>
    public double? ServerMicroseconds { get; init; }

    /// <summary>What an empty server takes, in bytes.</summary>
    public long? MemoryEmpty { get; init; }

    /// <summary>What each queued job takes on top of it, in bytes.</summary>
    public double? BytesQueued { get; init; }

    /// <summary>Measures one after the other.</summary>
    /// <param name="callers">What the n-th caller calls.</param>
    /// <param name="nodes">Who has workers, 50 slots together.</param>
    /// <param name="seconds">How long each rate is measured.</param>
    /// <param name="serverCpu">Seconds of CPU that the store's server has taken so far.</param>
    /// <param name="ahead">How many jobs workers lease ahead, together.</param>
    public static async Task<Rows> MeasureAsync(Func<int, IBroker> callers, IReadOnlyList<IBroker> nodes, double seconds, Func<double>? serverCpu = null, int ahead = 0)
    {
        await CallAsync(Callers, 4, n => EnqueueAsync(callers(n)));
        await EmptyAsync(nodes, ahead);

        double enqueue = await CallAsync(Callers, seconds, n => EnqueueAsync(callers(n)));
        await EmptyAsync(nodes, ahead);
        double enqueueBulk = await CallAsync(4, seconds / 2, n => EnqueueBulkAsync(callers(n)));
        double process = await EmptyAsync(nodes, ahead);

        await using var consumers = await Consumers.StartAsync(nodes, ahead);
        double cpu = serverCpu?.Invoke() ?? 0;
        long before = consumers.Processed;
        double both = await BothAsync(callers, consumers, seconds);
        double? took = serverCpu is null ? null : (serverCpu() - cpu) * 1e6 / (consumers.Processed - before);
        var (p50, p99) = await LatencyAsync(callers(1), consumers);
        return new(enqueue, process, enqueueBulk, both, p50, p99) { ServerMicroseconds = took };
    }

    public static async ValueTask<int> EnqueueAsync(IBroker broker)
    {
        await broker.EnqueueAsync(new(Spec));
        return 1;
    }

    public static async ValueTask<int> EnqueueBulkAsync(IBroker broker)
    {
        await broker.EnqueueAsync(new(Many));
        return Bulk;
    }

    /// <summary>Works off all there is; answers at which rate.</summary>
    public static async Task<double> EmptyAsync(IReadOnlyList<IBroker> nodes, int ahead = 0)
    {
        long waiting = (await nodes[0].CountAsync(new())).Queued;
        var clock = Stopwatch.StartNew();
        await using var consumers = await Consumers.StartAsync(nodes, ahead);
        while (consumers.Processed < waiting)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        return waiting / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> CallAsync(int callers, double seconds, Func<int, ValueTask<int>> once)
    {
        long done = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(n => Task.Run(async () =>
        {
            while (clock.Elapsed.TotalSeconds < seconds)
                Interlocked.Add(ref done, await once(n));
        })));
        return done / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> BothAsync(Func<int, IBroker> callers, Consumers consumers, double seconds)
    {
        long sent = 0, before = consumers.Processed;
        double rate = await CallAsync(Callers, seconds, async n =>
        {
            // Submitting is held at what is worked off, so that both go on all the time.
            while (Volatile.Read(ref sent) - (consumers.Processed - before) > 4000)
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            Interlocked.Increment(ref sent);
            return await EnqueueAsync(callers(n));
        });
        while (consumers.Processed - before < sent)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        return rate;
    }

    private static async Task<(double P50, double P99)> LatencyAsync(IBroker producer, Consumers consumers)
    {
        var waits = new List<double>();
        for (int i = 0; i < 300; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            var next = consumers.Next();
            long began = Stopwatch.GetTimestamp();
            var adding = EnqueueAsync(producer);
            waits.Add(Stopwatch.GetElapsedTime(began, await next).TotalMilliseconds);
            await adding;
        }

        waits.Sort();
        return (waits[150], waits[297]);
    }
}
