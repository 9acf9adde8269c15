using System.Collections.Immutable;

namespace Drover.Storage;

/// <summary>How a store treats its queues. Every store takes these options and gives them the same meaning.</summary>
public sealed record QueueOptions
{
    /// <summary>
    /// The starvation guard: a ready job counts as one priority better (never better than 1) for each whole period that
    /// it has been ready. Jobs of one queue with equal needs, limit key and priority stand in one line, in the order in
    /// which they were accepted, and the first stands for its line. Null turns the guard off; else more than zero.
    /// </summary>
    public TimeSpan? StarvationPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Queues without the starvation guard: priority alone decides there.</summary>
    public IReadOnlySet<string> StrictQueues { get; init; } = ImmutableHashSet<string>.Empty;

    /// <summary>How many waiting jobs (scheduled, queued, retrying) a queue may hold before an enqueue is refused; null for any number.</summary>
    public long? MaxSize { get; init; }
}
