using System.Text;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;
using Drover.Testing;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Tests.Support;

/// <summary>A broker on a store in memory and one worker, on a clock that the test moves.</summary>
internal sealed class WorkerHome : IAsyncDisposable
{
    private readonly List<Worker> _workers = [];

    public WorkerHome(Func<IJobStore, IJobStore>? around = null)
    {
        Store = new InMemoryJobStore(Clock);
        Broker = new(around?.Invoke(Store) ?? Store, null, new(), Clock, NullLoggerFactory.Instance);
    }

    public FakeClock Clock { get; } = new();

    public InMemoryJobStore Store { get; }

    public Broker Broker { get; }

    public TaskHandlers Handlers { get; } = new();

    public WorkerOptions Options { get; init; } = new() { Host = "w", Slots = 4, Queues = [new("*")] };

    public async Task<Worker> StartAsync(params IJobExecutor[] executors)
    {
        await Broker.StartAsync();
        var worker = NewWorker(executors);
        await worker.StartAsync(TestContext.Current.CancellationToken);
        return worker;
    }

    public Worker NewWorker(params IJobExecutor[] executors)
    {
        IReadOnlyList<IJobExecutor> all = executors.Length > 0 ? executors : [new TaskExecutor(Handlers, Clock)];
        var worker = new Worker(Broker, all, Options, Clock, NullLoggerFactory.Instance);
        _workers.Add(worker);
        return worker;
    }

    public async Task<Guid> AddAsync(JobSpec spec) => (await Broker.EnqueueAsync(new(spec))).Jobs[0].Id;

    public async Task<Job> ReadAsync(Guid id) => (await Broker.GetAsync([id]))[0]!;

    public async Task<Job> BecomesAsync(Guid id, JobStatus status, Action? meanwhile = null)
    {
        await Eventually.BecomesAsync($"the job is {status}", async () => (await ReadAsync(id)).Status == status, meanwhile);
        return await ReadAsync(id);
    }

    /// <summary>The attempt's output as the broker has it, and whether more may follow.</summary>
    public async Task<string> OutputAsync(Guid id, OutputStream? stream = null)
    {
        var page = await Broker.ReadOutputAsync(new(id, Stream: stream, Limit: 10_000));
        return string.Concat(page!.Entries.Select(e => Encoding.UTF8.GetString(e.Bytes.Span)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            worker.StopNow();
            var stopped = worker.StopAsync(CancellationToken.None);
            await Eventually.BecomesAsync("the worker stops", () => stopped.IsCompleted, () => Clock.Advance(TimeSpan.FromSeconds(1)));
            worker.Dispose();
        }

        await Broker.DisposeAsync();
        await Store.DisposeAsync();
    }
}
