namespace Drover.Server.Contracts;

/// <summary>What a WebSocket client wants.</summary>
public enum LiveOp : byte
{
    /// <summary>Hear of a topic.</summary>
    Subscribe,

    /// <summary>Hear no more of it.</summary>
    Unsubscribe,
}

/// <summary>A frame from a WebSocket client.</summary>
public sealed record LiveRequest
{
    /// <summary>What it wants.</summary>
    public required LiveOp Op { get; init; }

    /// <summary><c>jobs</c>, <c>job:ID</c>, <c>logs:ID</c>, <c>workers</c>, <c>queues</c>, <c>servers</c> or <c>system</c>.</summary>
    public required string Topic { get; init; }

    /// <summary>The last seq it has seen, to go on from there; not given to begin now (a log: at its beginning).</summary>
    public long? After { get; init; }
}

/// <summary>What an event is about when there is nothing more to tell than its name.</summary>
public sealed record SubjectData
{
    /// <summary>The job's, worker's or server's id, or the queue's name.</summary>
    public required string Id { get; init; }
}
