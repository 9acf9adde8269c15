using Drover.Storage;

namespace Drover.Testing;

/// <summary>The ready jobs in lines: one for each queue and priority, first come first served.</summary>
internal sealed class ReadyJobs(QueueOptions options)
{
    private static readonly Comparer<StoredJob> FirstComeFirst = Comparer<StoredJob>.Create((a, b) => a.ReadyOrder.CompareTo(b.ReadyOrder));
    private readonly Dictionary<string, SortedSet<StoredJob>[]> _queues = new(StringComparer.Ordinal);

    public IEnumerable<string> Queues => _queues.Keys;

    public void Add(StoredJob job)
    {
        if (!_queues.TryGetValue(job.Spec.Queue, out var lines))
            _queues[job.Spec.Queue] = lines = [.. Enumerable.Range(1, 10).Select(_ => new SortedSet<StoredJob>(FirstComeFirst))];
        lines[job.Priority - 1].Add(job);
    }

    public void Remove(StoredJob job) => _queues[job.Spec.Queue][job.Priority - 1].Remove(job);

    public long Depth(string queue, int priority) => _queues.TryGetValue(queue, out var lines) ? lines[priority - 1].Count : 0;

    public DateTimeOffset? OldestReadyAt(string queue) =>
        _queues.TryGetValue(queue, out var lines) ? lines.Where(l => l.Count > 0).Min(l => (DateTimeOffset?)l.Min!.ReadyAt) : null;

    /// <summary>The most urgent job of a queue that may be run, with its urgency (smaller comes first); null for none.</summary>
    public (StoredJob Job, int Urgency)? MostUrgent(string queue, DateTimeOffset now, Func<StoredJob, bool> mayRun)
    {
        (StoredJob Job, int Urgency)? best = null;
        if (!_queues.TryGetValue(queue, out var lines))
            return null;
        // Within a line all have one priority, so the oldest is the most urgent, with the guard or without.
        foreach (var line in lines)
        {
            if (line.FirstOrDefault(mayRun) is not { } job)
                continue;
            int urgency = UrgencyOf(job, now);
            if (best is not { } found || urgency < found.Urgency || (urgency == found.Urgency && job.ReadyOrder < found.Job.ReadyOrder))
                best = (job, urgency);
        }

        return best;
    }

    private int UrgencyOf(StoredJob job, DateTimeOffset now)
    {
        if (options.StarvationPeriod is not { } period || options.StrictQueues.Contains(job.Spec.Queue) || now <= job.ReadyAt)
            return job.Priority;
        return (int)Math.Max(1, job.Priority - (now - job.ReadyAt).Ticks / period.Ticks);
    }
}
