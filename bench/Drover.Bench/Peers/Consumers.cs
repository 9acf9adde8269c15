using System.Diagnostics;
using Drover.Brokers;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.Peers;

/// <summary>A worker on each node, with 50 slots together, whose handler does nothing.</summary>
internal sealed class Consumers : IAsyncDisposable
{
    private const int Slots = 50;

    private readonly List<Worker> _workers = [];
    private readonly TaskExecutor _executor;
    private long _processed;
    private TaskCompletionSource<long>? _next;

    private Consumers() => _executor = new(new TaskHandlers().Add("noop", (_, _) => Count()), TimeProvider.System);

    public long Processed => Volatile.Read(ref _processed);

    public static async Task<Consumers> StartAsync(IReadOnlyList<IBroker> nodes, int ahead)
    {
        var consumers = new Consumers();
        foreach (var node in nodes)
        {
            consumers._workers.Add(new(node, [consumers._executor], new() { Slots = Slots / nodes.Count, LeaseAhead = ahead / nodes.Count, Name = Guid.NewGuid().ToString("N") },
                TimeProvider.System, NullLoggerFactory.Instance));
            await consumers._workers[^1].StartAsync(CancellationToken.None);
        }

        return consumers;
    }

    /// <summary>The timestamp at which the next job starts.</summary>
    public Task<long> Next() => (_next = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.StopAsync(CancellationToken.None);
            worker.Dispose();
        }

        _executor.Dispose();
    }

    private ValueTask Count()
    {
        Interlocked.Increment(ref _processed);
        Interlocked.Exchange(ref _next, null)?.SetResult(Stopwatch.GetTimestamp());
        return ValueTask.CompletedTask;
    }
}
