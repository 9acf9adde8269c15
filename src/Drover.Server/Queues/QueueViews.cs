using System.Globalization;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Storage;

namespace Drover.Server.Queues;

/// <summary>Queues as the API shows them.</summary>
internal static class QueueViews
{
    /// <summary>Every queue by name; the default one is there before its first job.</summary>
    public static async ValueTask<IReadOnlyList<QueueStats>> AllAsync(IBroker broker, CancellationToken cancel)
    {
        var queues = await broker.ListQueuesAsync(cancel);
        if (queues.Any(q => q.Queue.Name == JobRules.DefaultQueue))
            return queues;
        var empty = new QueueInfo(JobRules.DefaultQueue, false, new long[10], 0, 0, 0, null);
        int serving = (await broker.ListWorkersAsync(cancel)).Count(w => w.Description.Queues.Any(q => q.Name is "*" or JobRules.DefaultQueue));
        return [.. queues.Append(new(empty, serving, 0, 0, null, null, null)).OrderBy(q => q.Queue.Name, StringComparer.Ordinal)];
    }

    public static QueueResponse Queue(QueueStats stats, DateTimeOffset now) => new()
    {
        Name = stats.Queue.Name,
        Paused = stats.Queue.Paused,
        QueueDepth = stats.Queue.Depth,
        Scheduled = stats.Queue.Scheduled,
        Retrying = stats.Queue.Retrying,
        Running = stats.Queue.Running,
        Stats = Stats(stats, now),
    };

    public static QueueStatsResponse Stats(QueueStats stats, DateTimeOffset now) => new()
    {
        QueueDepth = stats.Queue.Depth,
        ActiveWorkers = stats.ActiveWorkers,
        ArrivalRate = Math.Round(stats.ArrivalRate, 3),
        ProcessingRate = Math.Round(stats.ProcessingRate, 3),
        AverageWaitTime = stats.AverageWait?.TotalSeconds,
        P50WaitTime = stats.P50Wait?.TotalSeconds,
        P95WaitTime = stats.P95Wait?.TotalSeconds,
        PriorityDistribution = stats.Queue.DepthByPriority.Select((depth, i) => (Name: (i + 1).ToString(CultureInfo.InvariantCulture), depth))
            .ToDictionary(pair => pair.Name, pair => pair.depth),
        OldestJobAge = stats.Queue.OldestReadyAt is { } since ? Math.Max(0, (now - since).TotalSeconds) : null,
    };
}
