using Drover.Catalog;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Server;

/// <summary>Requests of an API server to the catalog beside the jobs.</summary>
internal sealed partial class ServerConnection
{
    private NetQueueCatalog Shared =>
        _server.Catalog ?? throw new ProtocolException(ErrorCode.UnknownType, "This queue server has no catalog to share.");

    private ICatalog Catalog => Shared.Catalog;

    private void DispatchCatalog(FrameHeader header, ref BodyReader r)
    {
        bool again = header.Flags.HasFlag(FrameFlags.Again);
        switch (header.Type)
        {
            case FrameType.CatalogGet:
                Serve(header, Whole(ref r, (Kind: r.Word(), Id: r.Text())), static (c, x) => c.Catalog.GetAsync(x.Kind, x.Id, c._ended.Token), static (w, _, x) => CatalogMessages.WriteFound(w, x));
                break;
            case FrameType.CatalogFind:
                Serve(header, Whole(ref r, (Kind: r.Word(), Name: r.Text())), static (c, x) => c.Catalog.FindAsync(x.Kind, x.Name, c._ended.Token), static (w, _, x) => CatalogMessages.WriteFound(w, x));
                break;
            case FrameType.CatalogList:
                Serve(header, Whole(ref r, r.Word()), static (c, kind) => c.Catalog.ListAsync(kind, c._ended.Token), static (w, _, x) => CatalogMessages.WriteDocuments(w, x));
                break;
            case FrameType.CatalogCreate:
                Serve(header, Whole(ref r, (Document: CatalogMessages.ReadDocument(ref r), Again: again)), static (c, x) => CatalogOnce.CreateAsync(c.Catalog, x.Document, x.Again), static (w, _, x) => CatalogMessages.WriteDocument(w, x));
                break;
            case FrameType.CatalogUpdate:
                Serve(header, Whole(ref r, (Document: CatalogMessages.ReadDocument(ref r), Again: again)), static (c, x) => CatalogOnce.UpdateAsync(c.Catalog, x.Document, x.Again), static (w, _, x) => CatalogMessages.WriteDocument(w, x));
                break;
            case FrameType.CatalogDelete:
                Serve(header, Whole(ref r, (Key: (r.Word(), r.Text(), r.I64()), Again: again)), static (c, x) => CatalogOnce.DeleteAsync(c.Catalog, x.Key, x.Again), static (w, _, x) => w.Bool(x));
                break;
            case FrameType.AuditAppend:
                Serve(header, Whole(ref r, CatalogMessages.ReadAudit(ref r)), static (c, x) => Done(c.Shared.Audit.AppendAsync(x)), static (_, _, _) => { });
                break;
            case FrameType.AuditList:
                Serve(header, Whole(ref r, CatalogMessages.ReadAuditQuery(ref r)), static (c, x) => c.Shared.Audit.ListAsync(x.Before, x.Limit, c._ended.Token), static (w, _, x) => CatalogMessages.WriteAudit(w, x));
                break;
            case FrameType.Publish:
                Serve(header, Whole(ref r, CatalogMessages.ReadPublish(ref r)), static (c, x) => Done(c.Broker.PublishAsync(x.Kind, x.Subject)), static (w, c, _) => w.I64(c.LastSeq));
                break;
            default:
                throw new ProtocolException(ErrorCode.UnknownType, $"A frame of the type {(byte)header.Type} is not known here.");
        }
    }
}
