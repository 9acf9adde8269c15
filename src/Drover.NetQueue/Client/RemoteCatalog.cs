using Drover.Catalog;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Client;

/// <summary>The queue server's catalog and audit log, read and written over the link. The token must be an admin's.</summary>
internal sealed class RemoteCatalog(Link link) : ICatalog, IAuditLog
{
    public ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default) =>
        link.RequestAsync(FrameType.CatalogGet, (kind, id), WriteKey, CatalogMessages.ReadFound, cancel);

    public ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default) =>
        link.RequestAsync(FrameType.CatalogFind, (kind, name), WriteKey, CatalogMessages.ReadFound, cancel);

    public ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default) =>
        link.RequestAsync(FrameType.CatalogList, kind, static (w, x) => w.Text(x), CatalogMessages.ReadDocuments, cancel);

    public ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default) =>
        link.RequestAsync(FrameType.CatalogCreate, document, CatalogMessages.WriteDocument, CatalogMessages.ReadDocument, cancel);

    public ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default) =>
        link.RequestAsync(FrameType.CatalogUpdate, document, CatalogMessages.WriteDocument, CatalogMessages.ReadDocument, cancel);

    public ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default) =>
        link.RequestAsync(
            FrameType.CatalogDelete, (kind, id, version), static (w, x) => CatalogMessages.WriteDelete(w, x.kind, x.id, x.version), static (ref BodyReader r) => r.Bool(), cancel);

    public async ValueTask AppendAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancel = default) =>
        await link.RequestAsync(FrameType.AuditAppend, events, CatalogMessages.WriteAudit, static (ref BodyReader _) => true, cancel).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<AuditEvent>> ListAsync(long? before, int limit, CancellationToken cancel = default) =>
        link.RequestAsync(FrameType.AuditList, (before, limit), static (w, x) => CatalogMessages.WriteAuditQuery(w, x.before, x.limit), CatalogMessages.ReadAudit, cancel);

    private static void WriteKey(FrameWriter w, (string Kind, string Key) x) => CatalogMessages.WriteKey(w, x.Kind, x.Key);
}
