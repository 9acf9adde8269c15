namespace Drover.Storage;

/// <summary>The store cannot do its work now: the disk is full, the database is away.</summary>
/// <param name="message">What happened and what to do, for an operator.</param>
/// <param name="inner">The cause.</param>
public class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the call may have been carried out all the same.</summary>
    public bool InDoubt { get; init; }
}

/// <summary>A queue holds as many jobs as it may.</summary>
/// <param name="queue">The queue.</param>
/// <param name="limit">How many it may hold.</param>
public sealed class QueueFullException(string queue, long limit) : Exception($"The queue '{queue}' is full: it may hold {limit} waiting jobs.")
{
    /// <summary>The queue.</summary>
    public string Queue { get; } = queue;

    /// <summary>How many it may hold.</summary>
    public long Limit { get; } = limit;
}

/// <summary>An idempotency key was used before for another request.</summary>
/// <param name="key">The key.</param>
public sealed class IdempotencyConflictException(string key) : Exception($"The idempotency key '{key}' was used within 24 hours for another request.")
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;
}

/// <summary>An <see cref="EnqueueRequest.FirstId"/> leads to the id of a job that is there already; nothing was accepted.</summary>
/// <param name="id">The id.</param>
public sealed class JobIdTakenException(Guid id) : Exception($"There is a job with the id {id} already.")
{
    /// <summary>The id.</summary>
    public Guid Id { get; } = id;
}

/// <summary>A store was written by a newer version of Drover.</summary>
/// <param name="store">Which, for people.</param>
/// <param name="found">The version of its schema.</param>
/// <param name="known">The latest version that this program knows.</param>
public sealed class SchemaTooNewException(string store, long found, int known)
    : Exception($"{store} has schema version {found}, but this program knows only {known}: it was written by a newer Drover. Start that version, or restore a backup made with this one.");
