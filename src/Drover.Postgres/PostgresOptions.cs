using Drover.Storage;

namespace Drover.Postgres;

/// <summary>When an acknowledged change is safe.</summary>
public enum Durability
{
    /// <summary>Against the loss of power too: <c>synchronous_commit = on</c>, which waits for synchronous standbys as well where there are any.</summary>
    Full,

    /// <summary>Against a crash of Drover: <c>synchronous_commit = off</c>. A crash of PostgreSQL may undo the last moments, but leaves a sound database.</summary>
    Normal,
}

/// <summary>Where the PostgreSQL database is and how it is used.</summary>
public sealed record PostgresOptions
{
    /// <summary>The database: <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full</c>.</summary>
    public required string Url { get; init; }

    /// <summary>The schema in which everything is; made when it is not there. Small letters, digits and <c>_</c>, at most 63, no digit first.</summary>
    public string Schema { get; init; } = "drover";

    /// <summary>When an acknowledged change is safe.</summary>
    public Durability Durability { get; init; } = Durability.Full;

    /// <summary>The most connections this node holds; 1 or more.</summary>
    public int MaxConnections { get; init; } = 20;

    /// <summary>How queues behave.</summary>
    public QueueOptions Queues { get; init; } = new();
}
