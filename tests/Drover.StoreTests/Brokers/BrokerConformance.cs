using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.Support;
using Drover.Workers;

namespace Drover.StoreTests.Brokers;

/// <summary>What <see cref="IBroker"/> adds to a store: sessions that wait, signals, events, a view of workers and queues.</summary>
public abstract partial class BrokerConformance : IAsyncLifetime
{
    private TestSystem _system = null!;

    protected abstract TestSystem NewSystem();

    private IBroker Broker => _system.Broker;

    private TestClock Clock => _system.Clock;

    public async ValueTask InitializeAsync()
    {
        _system = NewSystem();
        await _system.OpenAsync(new());
    }

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task<TestWorker> WorkerAsync(string id = "w-1", Guid? instance = null, params QueueShare[] queues)
    {
        var description = new WorkerDescription
        {
            Id = id,
            InstanceId = instance ?? Guid.NewGuid(),
            Host = "host-" + id,
            ProcessId = 42,
            Version = "1.2.3",
            Slots = 10,
            Queues = queues.Length > 0 ? queues : [new("*")],
            Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
        };
        return new(_system, await Broker.ConnectAsync(description), description);
    }

    private async Task<Guid> AddAsync(JobSpec spec) => Assert.Single((await Broker.EnqueueAsync(new(spec))).Jobs).Id;

    private async Task<Job> ReadAsync(Guid id) => Assert.Single(await Broker.GetAsync([id]))!;

    private async Task PassAsync(TimeSpan time)
    {
        Clock.Advance(time);
        await _system.RunDutiesAsync();
    }

    private static Task<T> SoonAsync<T>(Task<T> task) => task.WaitAsync(TestWorker.Patience, TimeProvider.System);

    private static async Task<WorkerSignal> SignalAsync(TestWorker worker)
    {
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        return await worker.Session.Signals.ReadAsync(patience.Token);
    }

    /// <summary>The events from now on, read when they are asked for.</summary>
    private EventReader Listen(EventTopics topics = EventTopics.Jobs, Guid? job = null) => new(Broker.Events, topics, Broker.Events.LastSeq, job);

    private sealed class EventReader(IEventFeed feed, EventTopics topics, long? after, Guid? job)
    {
        /// <summary>The next events, as many as asked for, with rising seq.</summary>
        public async Task<List<BrokerEvent>> TakeAsync(int count)
        {
            using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
            var events = new List<BrokerEvent>();
            await foreach (var found in feed.ReadAsync(topics, after, job, patience.Token))
            {
                Assert.True(after is null || found.Seq > after || found.Kind == EventKind.Missed);
                after = found.Seq;
                events.Add(found);
                if (events.Count == count)
                    return events;
            }

            throw new TimeoutException($"Only {events.Count} of {count} events came.");
        }
    }
}
