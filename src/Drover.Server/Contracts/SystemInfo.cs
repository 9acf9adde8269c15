namespace Drover.Server.Contracts;

/// <summary>What there is, in numbers.</summary>
public sealed record SystemInfoResponse
{
    /// <summary>How many servers are known.</summary>
    public required int TotalServers { get; init; }

    /// <summary>How many jobs are stored.</summary>
    public required long TotalJobs { get; init; }

    /// <summary>How many of them are in each status.</summary>
    public required JobCountsResponse Counts { get; init; }

    /// <summary>Completed jobs as a share of completed and failed ones, 0 to 1; not there when there are none.</summary>
    public double? SuccessRate { get; init; }

    /// <summary>Drover's version.</summary>
    public required string Version { get; init; }

    /// <summary>Seconds since it was started.</summary>
    public required double Uptime { get; init; }

    /// <summary>The time of this answer.</summary>
    public required DateTimeOffset Timestamp { get; init; }
}

/// <summary>One setting in force on the process that answers.</summary>
public sealed record SettingResponse
{
    /// <summary>Its name, that of its environment variable.</summary>
    public required string Name { get; init; }

    /// <summary>Its value; <c>***</c> for a secret that is set, empty for one that is not.</summary>
    public required string Value { get; init; }

    /// <summary>Where it comes from: <c>default</c>, <c>drover.json</c>, <c>environment</c> or <c>command line</c>.</summary>
    public required string Source { get; init; }

    /// <summary>What it is.</summary>
    public required string Description { get; init; }
}

/// <summary>The settings in force.</summary>
public sealed record SettingListResponse
{
    /// <summary>The settings; none where Drover is a part of somebody's own program, which sets it up in its code.</summary>
    public required IReadOnlyList<SettingResponse> Items { get; init; }
}

/// <summary>How it goes, with series for charts.</summary>
public sealed record SystemEnhancedResponse
{
    /// <summary>Servers that could be reached when last looked at; <c>local</c> counts while a worker runs commands.</summary>
    public required int ConnectedServers { get; init; }

    /// <summary>Servers that could not.</summary>
    public required int DisconnectedServers { get; init; }

    /// <summary>Servers that nobody has looked at.</summary>
    public required int UncheckedServers { get; init; }

    /// <summary>Seconds that a job took on average in the time of the series; not there when none ended.</summary>
    public double? AverageJobDuration { get; init; }

    /// <summary>Jobs that ended in the last hour.</summary>
    public required long JobsPerHour { get; init; }

    /// <summary>All workers together.</summary>
    public required WorkerStatsResponse WorkerStatus { get; init; }

    /// <summary>Seconds that each point of the series stands for.</summary>
    public required double Interval { get; init; }

    /// <summary>What ended, over time.</summary>
    public required IReadOnlyList<ThroughputResponse> Throughput { get; init; }

    /// <summary>How long jobs took, over time.</summary>
    public required IReadOnlyList<LatencyResponse> Latency { get; init; }
}

/// <summary>What ended in one interval.</summary>
public sealed record ThroughputResponse
{
    /// <summary>The interval's beginning.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Jobs that completed.</summary>
    public required long Completed { get; init; }

    /// <summary>Jobs that failed for good.</summary>
    public required long Failed { get; init; }

    /// <summary>Jobs that were canceled.</summary>
    public required long Canceled { get; init; }
}

/// <summary>How long jobs took in one interval.</summary>
public sealed record LatencyResponse
{
    /// <summary>The interval's beginning.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Seconds from last start to end, on average; not there when none ended.</summary>
    public double? AverageDuration { get; init; }
}

/// <summary>Whether a part works.</summary>
public enum HealthState : byte
{
    /// <summary>It works.</summary>
    Ok,

    /// <summary>It works, but not fully.</summary>
    Degraded,

    /// <summary>It does not work.</summary>
    Failed,
}

/// <summary>Whether Drover works.</summary>
public sealed record HealthResponse
{
    /// <summary>The whole.</summary>
    public required HealthState Status { get; init; }

    /// <summary>Drover's version.</summary>
    public required string Version { get; init; }

    /// <summary>Each thing it depends on.</summary>
    public required IReadOnlyDictionary<string, HealthCheckResponse> Checks { get; init; }
}

/// <summary>Whether one thing that Drover depends on works.</summary>
public sealed record HealthCheckResponse
{
    /// <summary>Whether it works.</summary>
    public required HealthState Status { get; init; }

    /// <summary>What is wrong, or a figure.</summary>
    public string? Detail { get; init; }

    /// <summary>Milliseconds that looking took.</summary>
    public double? LatencyMs { get; init; }
}
