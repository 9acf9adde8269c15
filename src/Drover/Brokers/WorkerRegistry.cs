using System.Collections.Concurrent;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Brokers;

/// <summary>The connected workers, by id.</summary>
internal sealed class WorkerRegistry
{
    private readonly ConcurrentDictionary<string, WorkerSession> _sessions = new(StringComparer.Ordinal);

    public IEnumerable<WorkerSession> Sessions => _sessions.Values;

    public WorkerSession? Find(string? workerId) =>
        workerId is not null && _sessions.TryGetValue(workerId, out var session) ? session : null;

    /// <summary>Registers a session; answers the one that it takes the place of.</summary>
    public WorkerSession? Add(WorkerSession session)
    {
        WorkerSession? before = null;
        _sessions.AddOrUpdate(session.Worker.Id, session, (_, present) =>
        {
            before = present;
            return session;
        });
        return before;
    }

    /// <summary>Takes a session out; false when it was out already or another has its place.</summary>
    public bool Remove(WorkerSession session) => _sessions.TryRemove(new(session.Worker.Id, session));

    public IReadOnlyList<WorkerInfo> List() =>
        [.. _sessions.Values.Select(s => s.Describe()).OrderBy(w => w.Description.Id, StringComparer.Ordinal)];

    /// <summary>An attempt has ended: takes it out of its worker's hands.</summary>
    public HeldLease? Release(string? workerId, LeaseToken token) => Find(workerId)?.Held.Remove(token);
}
