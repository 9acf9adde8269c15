using Drover.Catalog;
using Drover.Sqlite.Sql;

namespace Drover.Sqlite.Catalog;

/// <summary>The catalog and the audit log, in the jobs' file.</summary>
internal sealed class SqliteCatalog(CatalogRows rows, ReaderPool<CatalogReader> readers) : ICatalog, IAuditLog
{
    public ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default) => Read(r => r.Get(kind, id), cancel);

    public ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default) => Read(r => r.Find(kind, name), cancel);

    public ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default) =>
        Read<IReadOnlyList<CatalogDocument>>(r => r.List(kind), cancel);

    public ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default) =>
        rows.Writer.AskAsync(new PutOperation(rows, document, create: true, cancel), cancel);

    public ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default) =>
        rows.Writer.AskAsync(new PutOperation(rows, document, create: false, cancel), cancel);

    public ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default) =>
        rows.Writer.AskAsync(new DeleteDocumentOperation(rows, kind, id, version, cancel), cancel);

    public async ValueTask AppendAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancel = default)
    {
        if (events.Count > 0)
            await rows.Writer.AskAsync(new AuditOperation(rows, events, cancel), cancel);
    }

    public ValueTask<IReadOnlyList<AuditEvent>> ListAsync(long? before, int limit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 500);
        return Read<IReadOnlyList<AuditEvent>>(r => r.ListAudit(before ?? long.MaxValue, limit), cancel);
    }

    private ValueTask<T> Read<T>(Func<CatalogReader, T> read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var reader = readers.Rent();
        return new(read(reader.Statements));
    }
}
