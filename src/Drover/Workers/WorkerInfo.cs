using Drover.Storage;

namespace Drover.Workers;

/// <summary>How a worker introduces itself.</summary>
public sealed record WorkerDescription
{
    /// <summary>Its id, the same after a restart.</summary>
    public required string Id { get; init; }

    /// <summary>A new one each time it starts.</summary>
    public required Guid InstanceId { get; init; }

    /// <summary>The host it runs on.</summary>
    public required string Host { get; init; }

    /// <summary>Its process id there.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Drover's version.</summary>
    public required string Version { get; init; }

    /// <summary>How many jobs it runs at once.</summary>
    public required int Slots { get; init; }

    /// <summary>The queues it serves.</summary>
    public required IReadOnlyList<QueueShare> Queues { get; init; }

    /// <summary>What it can run, and its labels.</summary>
    public required WorkerCapabilities Capabilities { get; init; }
}

/// <summary>A connected worker at one moment.</summary>
/// <param name="Description">How it introduced itself.</param>
/// <param name="ConnectedAt">Since when.</param>
/// <param name="LastHeartbeat">When it last renewed, leased or finished.</param>
/// <param name="Draining">Whether it takes no new jobs.</param>
/// <param name="Jobs">The leases in its hands, those leased ahead as well (<see cref="WorkerOptions.LeaseAhead"/>).</param>
public sealed record WorkerInfo(
    WorkerDescription Description, DateTimeOffset ConnectedAt, DateTimeOffset LastHeartbeat, bool Draining, IReadOnlyList<LeaseToken> Jobs)
{
    /// <summary>How many of its slots are in use.</summary>
    public int Busy => Math.Min(Jobs.Count, Description.Slots);
}
