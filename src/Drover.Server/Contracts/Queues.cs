namespace Drover.Server.Contracts;

/// <summary>A queue.</summary>
public sealed record QueueResponse
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether nothing is leased from it.</summary>
    public required bool Paused { get; init; }

    /// <summary>How many jobs are ready.</summary>
    public required long QueueDepth { get; init; }

    /// <summary>How many jobs are scheduled.</summary>
    public required long Scheduled { get; init; }

    /// <summary>How many wait for their next attempt.</summary>
    public required long Retrying { get; init; }

    /// <summary>How many run.</summary>
    public required long Running { get; init; }

    /// <summary>Its load and pace.</summary>
    public required QueueStatsResponse Stats { get; init; }
}

/// <summary>Queues.</summary>
public sealed record QueueListResponse
{
    /// <summary>The queues, by name.</summary>
    public required IReadOnlyList<QueueResponse> Items { get; init; }

    /// <summary>What to pass as <c>cursor</c> for the next page; not there on the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>A queue's load and pace.</summary>
public sealed record QueueStatsResponse
{
    /// <summary>How many jobs are ready.</summary>
    public required long QueueDepth { get; init; }

    /// <summary>How many connected workers serve it.</summary>
    public required int ActiveWorkers { get; init; }

    /// <summary>Jobs that were accepted a second, over the last minute.</summary>
    public required double ArrivalRate { get; init; }

    /// <summary>Jobs that ended a second, over the last minute.</summary>
    public required double ProcessingRate { get; init; }

    /// <summary>Seconds from ready to started, on average over the last five minutes; not there when nothing started.</summary>
    public double? AverageWaitTime { get; init; }

    /// <summary>Seconds within which half started, over the same; not there when nothing started.</summary>
    public double? P50WaitTime { get; init; }

    /// <summary>Seconds within which 95 % started, over the same.</summary>
    public double? P95WaitTime { get; init; }

    /// <summary>How many jobs are ready, by priority: <c>"1"</c> to <c>"10"</c>.</summary>
    public required IReadOnlyDictionary<string, long> PriorityDistribution { get; init; }

    /// <summary>Seconds that the longest waiting ready job has waited; not there when none is.</summary>
    public double? OldestJobAge { get; init; }
}
