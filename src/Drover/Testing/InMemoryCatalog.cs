using Drover.Catalog;

namespace Drover.Testing;

/// <summary>
/// The plain reference implementation of <see cref="ICatalog"/> and <see cref="IAuditLog"/>: one lock, a dictionary and
/// a list. Nothing outlives the object.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class InMemoryCatalog(TimeProvider time) : ICatalog, IAuditLog
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Kind, string Id), CatalogDocument> _documents = [];
    private readonly List<AuditEvent> _events = [];

    /// <inheritdoc/>
    public ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
            return new(_documents.GetValueOrDefault((kind, id)));
    }

    /// <inheritdoc/>
    public ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
            return new(Named(kind, name));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
            return new(_documents.Values.Where(d => d.Kind == kind).OrderBy(d => d.Name, StringComparer.OrdinalIgnoreCase).ToList());
    }

    /// <inheritdoc/>
    public ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_documents.ContainsKey((document.Kind, document.Id)))
                throw new CatalogConflictException($"There is a {document.Kind} with the id '{document.Id}' already.", nameTaken: false);
            return new(Store(document, version: 1));
        }
    }

    /// <inheritdoc/>
    public ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_documents.GetValueOrDefault((document.Kind, document.Id))?.Version != document.Version)
                throw new CatalogConflictException($"The {document.Kind} '{document.Name}' was changed or deleted meanwhile.", nameTaken: false);
            return new(Store(document, document.Version + 1));
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
            return new(_documents.GetValueOrDefault((kind, id))?.Version == version && _documents.Remove((kind, id)));
    }

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            foreach (var audited in events)
                _events.Add(audited with { Id = _events.Count + 1 });
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditEvent>> ListAsync(long? before, int limit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 500);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
            return new(_events.Where(e => e.Id < (before ?? long.MaxValue)).Reverse().Take(limit).ToList());
    }

    private CatalogDocument Store(CatalogDocument document, long version)
    {
        if (Named(document.Kind, document.Name) is { } other && other.Id != document.Id)
            throw new CatalogConflictException($"There is another {document.Kind} named '{document.Name}'.", nameTaken: true);
        // The caller may use its buffer for something else.
        return _documents[(document.Kind, document.Id)] =
            document with { Version = version, Json = document.Json.ToArray(), UpdatedAt = time.GetUtcNow() };
    }

    private CatalogDocument? Named(string kind, string name) =>
        _documents.Values.FirstOrDefault(d => d.Kind == kind && d.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
