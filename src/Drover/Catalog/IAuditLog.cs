namespace Drover.Catalog;

/// <summary>Who changed what, when and from where: append-only, in the same database as the catalog.</summary>
public interface IAuditLog
{
    /// <summary>Stores events.</summary>
    ValueTask AppendAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancel = default);

    /// <summary>The latest events before a point, latest first.</summary>
    /// <param name="before">Only events with a smaller id; null for the latest.</param>
    /// <param name="limit">At most how many; 1 to 500.</param>
    /// <param name="cancel">Ends the call.</param>
    ValueTask<IReadOnlyList<AuditEvent>> ListAsync(long? before, int limit, CancellationToken cancel = default);
}

/// <summary>One change.</summary>
/// <param name="Id">Rises from event to event; set by the log, 0 before.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who: a token's name.</param>
/// <param name="Origin">From where: an IP address.</param>
/// <param name="Action">What: <c>job.create</c>, <c>server.update</c>, <c>auth.denied</c>.</param>
/// <param name="Subject">To what: an id or a name; null for none.</param>
/// <param name="Detail">More, for people; never a secret; null for none.</param>
public sealed record AuditEvent(long Id, DateTimeOffset At, string Actor, string? Origin, string Action, string? Subject, string? Detail);
