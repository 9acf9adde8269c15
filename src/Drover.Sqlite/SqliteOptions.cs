using Drover.Storage;

namespace Drover.Sqlite;

/// <summary>When an acknowledged change is safe.</summary>
public enum Durability
{
    /// <summary>Against the loss of power too: each group of changes is flushed to the disk before it is acknowledged.</summary>
    Full,

    /// <summary>Against a crash of the program; a loss of power may undo the last moments, but leaves a sound database.</summary>
    Normal,
}

/// <summary>Where and how the embedded store keeps its data.</summary>
public sealed record SqliteOptions
{
    /// <summary>The folder of the data files; made when it is not there.</summary>
    public required string Directory { get; init; }

    /// <summary>When an acknowledged change is safe.</summary>
    public Durability Durability { get; init; } = Durability.Full;

    /// <summary>How queues behave.</summary>
    public QueueOptions Queues { get; init; } = new();

    /// <summary>The most bytes a data file may grow to; null for as many as the disk holds. What does not fit is refused as on a full disk.</summary>
    public long? MaxFileBytes { get; init; }
}
