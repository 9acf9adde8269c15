using System.Diagnostics;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Bench.NetQueue;

/// <summary>Whole lives of tasks that do nothing, with callers that each wait for their own enqueue and two workers beside them.</summary>
internal static class Lives
{
    private static readonly AttemptOutcome Done = new() { Kind = OutcomeKind.Completed };

    public static WorkerDescription Worker(string id) => new()
    {
        Id = id,
        InstanceId = Guid.NewGuid(),
        Host = "bench",
        ProcessId = Environment.ProcessId,
        Version = "0",
        Slots = 500,
        Queues = [new("*")],
        Capabilities = new(false, new HashSet<string> { "noop" }, new HashSet<string>()),
    };

    public static async Task RunAsync(string what, Func<int, IBroker> broker, int callers, int batch, double seconds)
    {
        int slots = callers * batch >= 1000 ? 500 : 25;
        using var room = new SemaphoreSlim(Math.Max(4000, 4 * callers * batch));
        using var end = new CancellationTokenSource();
        using var stop = new CancellationTokenSource();
        long enqueued = 0, completed = 0;
        var sessions = new List<IWorkerSession>();
        for (int n = 0; n < 2; n++)
            sessions.Add(await broker(n).ConnectAsync(Worker($"bench-{n}")));
        var workers = sessions.Select(session => Task.Run(async () =>
        {
            while (await LeaseAsync(session, slots, stop.Token) is { Count: > 0 } leases)
            {
                var changes = await session.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Done))]);
                if (changes.Any(c => c.Result != ChangeResult.Done))
                    throw new InvalidOperationException("A finish was refused.");
                Interlocked.Add(ref completed, leases.Count);
                room.Release(leases.Count);
            }
        })).ToArray();
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes();
        end.CancelAfter(TimeSpan.FromSeconds(seconds));
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var specs = Enumerable.Range(0, batch).Select(Store.Life.Spec).ToArray();
            while (!end.IsCancellationRequested)
            {
                for (int n = 0; n < batch; n++)
                    await room.WaitAsync();
                await broker(caller).EnqueueAsync(new(specs));
                Interlocked.Add(ref enqueued, batch);
            }
        })));
        double rate = Volatile.Read(ref completed) / clock.Elapsed.TotalSeconds;
        while (Volatile.Read(ref completed) < Volatile.Read(ref enqueued))
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        foreach (var session in sessions)
            await session.DisposeAsync();
        Console.WriteLine($"  {what}: {rate:N0} jobs/s whole life, {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / completed:N1} us of CPU and {(GC.GetTotalAllocatedBytes() - allocated) / completed:N0} bytes allocated each");
    }

    private static async Task<IReadOnlyList<Lease>> LeaseAsync(IWorkerSession session, int max, CancellationToken cancel)
    {
        try
        {
            return await session.LeaseAsync(max, cancel);
        }
        catch (OperationCanceledException)
        {
            return [];
        }
    }
}
