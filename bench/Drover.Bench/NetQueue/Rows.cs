using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Sqlite;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.NetQueue;

/// <summary>The rows on which other queues are measured too (<c>bench/peers</c>): a server process of its own, callers and a worker here.</summary>
internal static class Rows
{
    private const int Callers = 50;
    private const int Bulk = 500;

    private static readonly JobSpec Spec = new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = "noop", Payload = JsonSerializer.SerializeToUtf8Bytes(new string('x', 198)) },
    };

    private static readonly EnqueueJobs One = new([Spec]);
    private static readonly EnqueueJobs Many = new([.. Enumerable.Repeat(Spec, Bulk)]);

    /// <summary>Prints one line of JSON with the rows that <c>bench/peers/measure.mjs</c> measures of others.</summary>
    public static async Task RunAsync(Durability durability, int queued, double seconds)
    {
        var (memoryEmpty, bytesQueued) = await MemoryAsync(durability, queued);
        using var server = ServerProcess.Start(durability);
        var clients = Enumerable.Range(0, Callers).Select(_ => NetQueueBench.Client(server.Port)).ToArray();
        await CallAsync(Callers, 1, n => EnqueueAsync(clients[n], One));
        await EmptyAsync(clients[0]);

        double enqueue = await CallAsync(Callers, seconds, n => EnqueueAsync(clients[n], One));
        double process = await EmptyAsync(clients[0]);
        double enqueueBulk = await CallAsync(4, seconds / 2, n => EnqueueAsync(clients[n], Many));
        await EmptyAsync(clients[0]);
        double both, p50, p99;
        await using (var consumer = await Consumer.StartAsync(clients[0]))
        {
            both = await BothAsync(clients, consumer, seconds);
            (p50, p99) = await LatencyAsync(clients[1], consumer);
        }

        foreach (var client in clients)
            await client.DisposeAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $$"""{"enqueue":{{enqueue:F0}},"process":{{process:F0}},"enqueueBulk":{{enqueueBulk:F0}},"both":{{both:F0}},"latencyP50":{{p50:F3}},"latencyP99":{{p99:F3}},"memoryEmpty":{{memoryEmpty}},"bytesQueued":{{bytesQueued:F0}}}"""));
    }

    private static async ValueTask<int> EnqueueAsync(NetQueueBroker broker, EnqueueJobs jobs)
    {
        await broker.EnqueueAsync(new(jobs.Specs));
        return jobs.Specs.Length;
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

    /// <summary>Works off all there is; answers at which rate.</summary>
    private static async Task<double> EmptyAsync(NetQueueBroker broker)
    {
        long waiting = (await broker.CountAsync(new())).Queued;
        var clock = Stopwatch.StartNew();
        await using var consumer = await Consumer.StartAsync(broker);
        while (consumer.Processed < waiting)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        return waiting / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> BothAsync(NetQueueBroker[] clients, Consumer consumer, double seconds)
    {
        long sent = 0;
        double rate = await CallAsync(Callers, seconds, async n =>
        {
            // Submitting is held at what is worked off, so that both go on all the time.
            while (Volatile.Read(ref sent) - consumer.Processed > 4000)
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            Interlocked.Increment(ref sent);
            await EnqueueAsync(clients[n], One);
            return 1;
        });
        while (consumer.Processed < sent)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        return rate;
    }

    private static async Task<(double P50, double P99)> LatencyAsync(NetQueueBroker producer, Consumer consumer)
    {
        var waits = new List<double>();
        for (int i = 0; i < 300; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            var next = consumer.Next();
            long began = Stopwatch.GetTimestamp();
            var adding = EnqueueAsync(producer, One);
            waits.Add(Stopwatch.GetElapsedTime(began, await next).TotalMilliseconds);
            await adding;
        }

        waits.Sort();
        return (waits[150], waits[297]);
    }

    private static async Task<(long Empty, double PerJob)> MemoryAsync(Durability durability, int queued)
    {
        using var server = ServerProcess.Start(durability);
        await using var client = NetQueueBench.Client(server.Port);
        await EnqueueAsync(client, One);
        await EmptyAsync(client);
        long empty = server.ResidentBytes;
        for (int left = queued; left > 0; left -= Bulk)
            await EnqueueAsync(client, Many);
        return (empty, (server.ResidentBytes - empty) / (double)Math.Max(1, queued));
    }

    private sealed record EnqueueJobs(JobSpec[] Specs);

    /// <summary>A worker with 50 slots whose handler does nothing.</summary>
    private sealed class Consumer : IAsyncDisposable
    {
        private readonly Worker _worker;
        private readonly TaskExecutor _executor;
        private long _processed;
        private TaskCompletionSource<long>? _next;

        private Consumer(NetQueueBroker broker)
        {
            _executor = new(new TaskHandlers().Add("noop", (_, _) => Count()), TimeProvider.System);
            _worker = new(broker, [_executor], new() { Slots = 50, Name = Guid.NewGuid().ToString("N") }, TimeProvider.System, NullLoggerFactory.Instance);
        }

        public long Processed => Volatile.Read(ref _processed);

        public static async Task<Consumer> StartAsync(NetQueueBroker broker)
        {
            var consumer = new Consumer(broker);
            await consumer._worker.StartAsync(CancellationToken.None);
            return consumer;
        }

        /// <summary>The timestamp at which the next job starts.</summary>
        public Task<long> Next() => (_next = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public async ValueTask DisposeAsync()
        {
            await _worker.StopAsync(CancellationToken.None);
            _worker.Dispose();
            _executor.Dispose();
        }

        private ValueTask Count()
        {
            Interlocked.Increment(ref _processed);
            Interlocked.Exchange(ref _next, null)?.SetResult(Stopwatch.GetTimestamp());
            return ValueTask.CompletedTask;
        }
    }
}
