using System.Diagnostics;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Bench.Store;

/// <summary>The whole life of tasks that do nothing: accepted, leased, completed.</summary>
internal static class Life
{
    public static readonly LeaseRequest Request = new()
    {
        WorkerId = "bench-1",
        InstanceId = Guid.NewGuid(),
        Max = 50,
        Duration = TimeSpan.FromSeconds(30),
        Queues = [new("*")],
        Capabilities = new(Shell: true, new HashSet<string> { "noop" }, new HashSet<string>()),
    };

    private static readonly AttemptOutcome Done = new() { Kind = OutcomeKind.Completed };

    public static JobSpec Spec(int n) => new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = "noop", Payload = System.Text.Encoding.UTF8.GetBytes($"{{\"n\":{n},\"text\":\"a payload of some length as a task may have it\"}}") },
    };

    /// <summary>Callers that each wait for their own enqueue, and workers that lease and finish in batches.</summary>
    public static Task<double> RunAsync(IJobStore store, int callers, int batch, double seconds) => RunAsync([store], callers, batch, seconds);

    /// <summary>The same on several nodes of one store: callers are spread over them, and each has two workers.</summary>
    public static async Task<double> RunAsync(IReadOnlyList<IJobStore> nodes, int callers, int batch, double seconds)
    {
        int leaseMax = callers * batch >= 1000 ? 500 : 50;
        // No further ahead than the workers: what is measured is the whole life.
        using var room = new SemaphoreSlim(Math.Max(4000, 4 * callers * batch));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        long enqueued = 0, completed = 0;
        double longest = 0;
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        var producers = Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var specs = Enumerable.Range(0, batch).Select(Spec).ToArray();
            while (!end.IsCancellationRequested)
            {
                for (int n = 0; n < batch; n++)
                    await room.WaitAsync();
                long asked = Stopwatch.GetTimestamp();
                await nodes[caller % nodes.Count].EnqueueAsync(new(specs));
                Interlocked.Add(ref enqueued, batch);
                if (caller == 0)
                    longest = Math.Max(longest, Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            }
        })).ToArray();
        var produced = Task.WhenAll(producers);
        var workers = Enumerable.Range(0, 2 * nodes.Count).Select(worker => Task.Run(async () =>
        {
            var store = nodes[worker % nodes.Count];
            while (!produced.IsCompleted || Volatile.Read(ref completed) < Volatile.Read(ref enqueued))
            {
                var leases = await store.LeaseAsync(Request with { Max = leaseMax });
                if (leases.Count == 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                    continue;
                }

                var changes = await store.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Done))]);
                if (changes.Any(c => c.Result != ChangeResult.Done))
                    throw new InvalidOperationException("A finish was refused.");
                Interlocked.Add(ref completed, leases.Count);
                room.Release(leases.Count);
            }
        })).ToArray();
        await produced;
        double rate = completed / clock.Elapsed.TotalSeconds;
        await Task.WhenAll(workers);
        Console.WriteLine($"{callers} callers x {batch}, {workers.Length} workers leasing {leaseMax}: {rate:N0} jobs/s whole life, {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / completed:N1} us of CPU each, longest wait of one caller {longest:N1} ms");
        return rate;
    }
}
