using Drover.Storage;

namespace Drover.Testing;

/// <summary>
/// The ready jobs in lines: one for each queue, needs, limit key and priority, in order of acceptance. The first of each
/// line stands for its line.
/// </summary>
internal sealed class ReadyJobs(QueueOptions options)
{
    private static readonly Comparer<StoredJob> ByAcceptance = Comparer<StoredJob>.Create((a, b) => a.Seq.CompareTo(b.Seq));
    private readonly Dictionary<string, Dictionary<Line, SortedSet<StoredJob>>> _queues = new(StringComparer.Ordinal);

    public IEnumerable<string> Queues => _queues.Keys;

    public void Add(StoredJob job)
    {
        if (!_queues.TryGetValue(job.Spec.Queue, out var lines))
            _queues[job.Spec.Queue] = lines = [];
        if (!lines.TryGetValue(LineOf(job), out var line))
            lines[LineOf(job)] = line = new(ByAcceptance);
        line.Add(job);
    }

    public void Remove(StoredJob job)
    {
        var lines = _queues[job.Spec.Queue];
        var line = lines[LineOf(job)];
        line.Remove(job);
        if (line.Count == 0)
            lines.Remove(LineOf(job));
    }

    public long Depth(string queue, int priority) => LinesOf(queue).Where(l => l.Key.Priority == priority).Sum(l => l.Value.Count);

    public DateTimeOffset? OldestReadyAt(string queue) => LinesOf(queue).Min(l => (DateTimeOffset?)l.Value.Min!.ReadyAt);

    /// <summary>The most urgent job of a queue that may be run, with its urgency (smaller comes first); null for none.</summary>
    public (StoredJob Job, int Urgency)? MostUrgent(string queue, DateTimeOffset now, Func<StoredJob, bool> mayRun) =>
        LinesOf(queue).Select(l => l.Value.Min!).Where(mayRun)
            .Select(job => ((StoredJob Job, int Urgency)?)(job, UrgencyOf(job, now)))
            .MinBy(first => (first!.Value.Urgency, first.Value.Job.Seq));

    private Dictionary<Line, SortedSet<StoredJob>> LinesOf(string queue) => _queues.TryGetValue(queue, out var lines) ? lines : [];

    private int UrgencyOf(StoredJob job, DateTimeOffset now)
    {
        if (options.StarvationPeriod is not { } period || options.StrictQueues.Contains(job.Spec.Queue) || now <= job.ReadyAt)
            return job.Priority;
        return (int)Math.Max(1, job.Priority - (now - job.ReadyAt).Ticks / period.Ticks);
    }

    private static Line LineOf(StoredJob job) => new(job.Needs, job.LimitKey, job.Priority);

    private readonly record struct Line(string Needs, string? LimitKey, int Priority);
}
