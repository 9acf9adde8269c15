using System.Threading.Channels;
using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.StoreTests.Support;

/// <summary>The store by itself, behind the verbs of a broker, so that the job tests hold it directly to the contract.</summary>
public sealed class StoreSystem(StoreHome home) : TestSystem(home)
{
    private StoreAsBroker? _broker;

    public override IBroker Broker => _broker!;

    public IJobStore Jobs => Store.Jobs;

    public override async Task RunDutiesAsync()
    {
        while ((await Jobs.PromoteAsync(100)).NextDue == TimeSpan.Zero)
        {
        }

        while ((await Jobs.ExpireLeasesAsync(100)).Count > 0)
        {
        }
    }

    public override ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(IWorkerSession session, WorkerDescription worker, int max) =>
        ((StoreAsBroker.Session)session).TryLeaseAsync(max);

    protected override Task StartAsync()
    {
        _broker = new(Store.Jobs);
        return Task.CompletedTask;
    }

    protected override Task StopAsync() => Task.CompletedTask;
}

internal sealed class StoreAsBroker(IJobStore store) : IBroker
{
    public IEventFeed Events => throw new NotSupportedException("A store publishes no events.");

    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default) => store.EnqueueAsync(request, cancel);

    public ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default) => store.CancelAsync(ids, by, cancel);

    public ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) => store.RetryAsync(ids, cancel);

    public ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default) => store.UpdateAsync(id, update, cancel);

    public ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) => store.DeleteAsync(ids, cancel);

    public ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) => store.GetAsync(ids, cancel);

    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default) => store.ListAsync(query, cancel);

    public ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default) => store.CountAsync(filter, cancel);

    public ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default) => store.ReadOutputAsync(query, cancel);

    public ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default) =>
        store.ThroughputAsync(from, to, interval, cancel);

    public async ValueTask<IReadOnlyList<QueueStats>> ListQueuesAsync(CancellationToken cancel = default) =>
        [.. (await store.ListQueuesAsync(cancel)).Select(q => new QueueStats(q, 0, 0, 0, null, null, null))];

    public ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default) => store.SetPausedAsync(queue, paused, cancel);

    public ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default) => store.SetLimitsAsync(limits, cancel);

    public ValueTask<IReadOnlyList<WorkerInfo>> ListWorkersAsync(CancellationToken cancel = default) => throw new NotSupportedException();

    public ValueTask<bool> DrainWorkerAsync(string workerId, CancellationToken cancel = default) => throw new NotSupportedException();

    public ValueTask PublishAsync(EventKind kind, string serverId, CancellationToken cancel = default) =>
        throw new NotSupportedException("A store publishes no events.");

    public async ValueTask<IWorkerSession> ConnectAsync(WorkerDescription worker, CancellationToken cancel = default)
    {
        await store.LoseWorkerAsync(worker.Id, worker.InstanceId, cancel);
        return new Session(store, worker);
    }

    public ValueTask PingAsync(CancellationToken cancel = default) => store.PingAsync(cancel);

    internal sealed class Session(IJobStore store, WorkerDescription worker) : IWorkerSession
    {
        public ChannelReader<WorkerSignal> Signals => throw new NotSupportedException();

        public async ValueTask<IReadOnlyList<Lease>> LeaseAsync(int max, CancellationToken cancel = default)
        {
            var leases = await TryLeaseAsync(max);
            return leases.Count > 0 ? leases : throw new InvalidOperationException("Nothing is ready, and a store does not wait.");
        }

        public ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(int max) => store.LeaseAsync(new()
        {
            WorkerId = worker.Id,
            InstanceId = worker.InstanceId,
            Max = max,
            Duration = Make.LeaseDuration,
            Queues = worker.Queues,
            Capabilities = worker.Capabilities,
        });

        public ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, CancellationToken cancel = default) =>
            store.RenewAsync(leases, Make.LeaseDuration, cancel);

        public ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default) =>
            store.AppendOutputAsync(lease, entries, trim, cancel);

        public ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default) =>
            store.FinishAsync(finishes, cancel);

        public ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel = default) => new(shown);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
