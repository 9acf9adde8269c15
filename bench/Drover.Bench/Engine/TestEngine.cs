using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.Engine;

/// <summary>A broker with its duties and one worker, as <c>drover up</c> composes them.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private readonly Worker _worker;
    private long _started;

    private TestEngine(IJobStore store, int slots)
    {
        Broker = new(store, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        var handlers = new TaskHandlers().Add("noop", Handle);
        _worker = new(Broker, [new TaskExecutor(handlers, TimeProvider.System)], new() { Slots = slots, Host = "bench" },
            TimeProvider.System, NullLoggerFactory.Instance);
    }

    public static JobSpec Noop { get; } = new()
    {
        Kind = JobKind.Task,
        MaxAttempts = 3,
        OnWorkerLost = WorkerLostPolicy.Retry,
        Task = new() { JobType = "noop", Payload = "{}"u8.ToArray() },
    };

    public Broker Broker { get; }

    /// <summary>How many handlers have begun.</summary>
    public long Started => Volatile.Read(ref _started);

    /// <summary>What the handler does besides counting.</summary>
    public Action<TaskContext>? OnStart { get; set; }

    public static async Task<TestEngine> StartAsync(IJobStore store, int slots)
    {
        var engine = new TestEngine(store, slots);
        await engine.Broker.StartAsync();
        await engine._worker.StartAsync(CancellationToken.None);
        return engine;
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
        await Broker.DisposeAsync();
    }

    private ValueTask<TaskResult> Handle(TaskContext context, CancellationToken cancel)
    {
        Interlocked.Increment(ref _started);
        OnStart?.Invoke(context);
        return new(TaskResult.Done);
    }
}
