using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Server.Jobs;
using Drover.Server.Json;
using Drover.Server.Keys;
using Drover.Server.Queues;
using Drover.Server.Servers;
using Drover.Server.SystemInfo;
using Drover.Server.Workers;

namespace Drover.Server.Live;

/// <summary>Loads what events are about: they are only names.</summary>
internal sealed class LiveData(IBroker broker, ServerCatalog servers, KeyCatalog keys, SystemSnapshot system, TimeProvider time)
{
    /// <summary>The jobs that are still there, as they are now.</summary>
    public async ValueTask<Dictionary<Guid, byte[]>> JobsAsync(IEnumerable<Guid> ids, bool withAttempts, CancellationToken cancel)
    {
        var jobs = await broker.GetAsync([.. ids], cancel);
        return jobs.OfType<Job>().ToDictionary(j => j.Id, j => Bytes(JobViews.Summary(j, withAttempts), DroverJson.Api.JobSummary));
    }

    /// <summary>How far a task is; null when nothing was told.</summary>
    public async ValueTask<ProgressBody?> ProgressAsync(Guid id, CancellationToken cancel) =>
        (await broker.GetAsync([id], cancel))[0] is { } job ? JobViews.Progress(await JobProgress.ReadAsync(broker, job, cancel)) : null;

    /// <summary>The frame for an event about a worker, queue or server.</summary>
    public async ValueTask<LiveFrame> FrameAsync(BrokerEvent e, CancellationToken cancel)
    {
        string subject = e.Subject ?? "";
        byte[] data = e.Topic switch
        {
            EventTopics.Workers => await WorkerAsync(subject, cancel),
            EventTopics.Queues => await QueueAsync(subject, cancel),
            _ => await ServerAsync(subject, cancel),
        } ?? Subject(subject);
        var (topic, name) = e.Kind switch
        {
            EventKind.WorkerConnected => ("workers", "connected"),
            EventKind.WorkerDraining => ("workers", "draining"),
            EventKind.WorkerGone => ("workers", "gone"),
            EventKind.QueuePaused => ("queues", "paused"),
            EventKind.QueueResumed => ("queues", "resumed"),
            EventKind.ServerDeleted => ("servers", "deleted"),
            EventKind.ServerChecked => ("servers", "checked"),
            _ => ("servers", "changed"),
        };
        return new(topic, name, e.Seq, data);
    }

    public async ValueTask<byte[]> QueuesAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return Bytes(new QueueListResponse { Items = [.. (await QueueViews.AllAsync(broker, cancel)).Select(q => QueueViews.Queue(q, now))] }, DroverJson.Api.QueueListResponse);
    }

    public async ValueTask<byte[]> WorkersAsync(CancellationToken cancel) =>
        Bytes(new WorkerListResponse { Items = [.. (await broker.ListWorkersAsync(cancel)).Select(WorkerEndpoints.Worker)] }, DroverJson.Api.WorkerListResponse);

    public async ValueTask<byte[]> SystemAsync(CancellationToken cancel) => Bytes(await system.InfoAsync(cancel), DroverJson.Api.SystemInfoResponse);

    public static byte[] Subject(string id) => Bytes(new SubjectData { Id = id }, DroverJson.Api.SubjectData);

    public static byte[] Bytes<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private async ValueTask<byte[]?> WorkerAsync(string id, CancellationToken cancel) =>
        (await broker.ListWorkersAsync(cancel)).FirstOrDefault(w => w.Description.Id == id) is { } worker
            ? Bytes(WorkerEndpoints.Worker(worker), DroverJson.Api.WorkerResponse) : null;

    private async ValueTask<byte[]?> QueueAsync(string name, CancellationToken cancel) =>
        (await QueueViews.AllAsync(broker, cancel)).FirstOrDefault(q => q.Queue.Name == name) is { } queue
            ? Bytes(QueueViews.Queue(queue, time.GetUtcNow()), DroverJson.Api.QueueResponse) : null;

    private async ValueTask<byte[]?> ServerAsync(string id, CancellationToken cancel) =>
        await servers.GetAsync(id, cancel) is { } entry
            ? Bytes(ServerViews.Server(entry, await servers.StatusAsync(id, cancel), await keys.ListAsync(cancel)), DroverJson.Api.ServerResponse) : null;
}
