namespace Drover.Server.Contracts;

/// <summary>A connected worker.</summary>
public sealed record WorkerResponse
{
    /// <summary>Its id, the same after a restart.</summary>
    public required string Id { get; init; }

    /// <summary>The host it runs on.</summary>
    public required string Host { get; init; }

    /// <summary>Its process id there.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Drover's version.</summary>
    public required string Version { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>The queues it serves; <c>*</c> for every other one.</summary>
    public required IReadOnlyList<string> Queues { get; init; }

    /// <summary>Whether it runs commands and scripts.</summary>
    public required bool RunsCommands { get; init; }

    /// <summary>The task types it has handlers for.</summary>
    public required IReadOnlyList<string> JobTypes { get; init; }

    /// <summary>How many jobs it runs at once.</summary>
    public required int Slots { get; init; }

    /// <summary>How many it runs now.</summary>
    public required int Busy { get; init; }

    /// <summary>Whether it takes no new jobs.</summary>
    public required bool Draining { get; init; }

    /// <summary>Since when it is connected.</summary>
    public required DateTimeOffset ConnectedAt { get; init; }

    /// <summary>When it was last heard of.</summary>
    public required DateTimeOffset LastHeartbeat { get; init; }

    /// <summary>The jobs in its hands.</summary>
    public required IReadOnlyList<WorkerJob> Jobs { get; init; }
}

/// <summary>A job in a worker's hands.</summary>
public sealed record WorkerJob
{
    /// <summary>The job.</summary>
    public required Guid Id { get; init; }

    /// <summary>The attempt.</summary>
    public required int Attempt { get; init; }
}

/// <summary>Connected workers.</summary>
public sealed record WorkerListResponse
{
    /// <summary>The workers, by id.</summary>
    public required IReadOnlyList<WorkerResponse> Items { get; init; }

    /// <summary>What to pass as <c>cursor</c> for the next page; not there on the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>All workers together.</summary>
public sealed record WorkerStatsResponse
{
    /// <summary>How many are connected.</summary>
    public required int ActiveWorkers { get; init; }

    /// <summary>How many of them take no new jobs.</summary>
    public required int Draining { get; init; }

    /// <summary>How many jobs they can run at once.</summary>
    public required int TotalCapacity { get; init; }

    /// <summary>How many they run now.</summary>
    public required int Busy { get; init; }
}
