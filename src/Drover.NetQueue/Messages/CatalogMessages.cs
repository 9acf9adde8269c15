using Drover.Catalog;
using Drover.Events;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Messages;

/// <summary>The catalog and the audit log, for an API server that has no store of its own.</summary>
internal static class CatalogMessages
{
    // kind text | id or name text
    public static void WriteKey(FrameWriter w, string kind, string key)
    {
        w.Text(kind);
        w.Text(key);
    }

    // document: kind text | id text | name text | version i64 | json bytes | updated_at time
    public static void WriteDocument(FrameWriter w, CatalogDocument document)
    {
        w.Text(document.Kind);
        w.Text(document.Id);
        w.Text(document.Name);
        w.I64(document.Version);
        w.Bytes(document.Json.Span);
        w.Time(document.UpdatedAt);
    }

    public static CatalogDocument ReadDocument(ref BodyReader r)
    {
        var (kind, id, name, version) = (r.Word(), r.Text(), r.Text(), r.I64());
        return new(kind, id, name, version, r.Bytes().ToArray(), r.Time());
    }

    // there bool | when there: document
    public static void WriteFound(FrameWriter w, CatalogDocument? document)
    {
        w.Bool(document is not null);
        if (document is not null)
            WriteDocument(w, document);
    }

    public static CatalogDocument? ReadFound(ref BodyReader r) => r.Bool() ? ReadDocument(ref r) : null;

    // documents: count var, each a document
    public static void WriteDocuments(FrameWriter w, IReadOnlyList<CatalogDocument> documents)
    {
        w.Count(documents.Count);
        foreach (var document in documents)
            WriteDocument(w, document);
    }

    public static IReadOnlyList<CatalogDocument> ReadDocuments(ref BodyReader r)
    {
        var documents = new CatalogDocument[r.Count(20)];
        for (int i = 0; i < documents.Length; i++)
            documents[i] = ReadDocument(ref r);
        return documents;
    }

    // kind text | id text | version i64
    public static void WriteDelete(FrameWriter w, string kind, string id, long version)
    {
        WriteKey(w, kind, id);
        w.I64(version);
    }

    // events: count var, each: id i64 | at time | actor text | origin optional text | action text | subject optional text | detail optional text
    public static void WriteAudit(FrameWriter w, IReadOnlyList<AuditEvent> events)
    {
        w.Count(events.Count);
        foreach (var e in events)
        {
            w.I64(e.Id);
            w.Time(e.At);
            w.Text(e.Actor);
            w.OptionalText(e.Origin);
            w.Text(e.Action);
            w.OptionalText(e.Subject);
            w.OptionalText(e.Detail);
        }
    }

    public static IReadOnlyList<AuditEvent> ReadAudit(ref BodyReader r)
    {
        var events = new AuditEvent[r.Count(21)];
        for (int i = 0; i < events.Length; i++)
            events[i] = new(r.I64(), r.Time(), r.Text(), r.OptionalText(), r.Text(), r.OptionalText(), r.OptionalText());
        return events;
    }

    // has u8 | 0 before i64 | then limit int
    public static void WriteAuditQuery(FrameWriter w, long? before, int limit)
    {
        w.U8((byte)(before is null ? 0 : 1));
        if (before is { } point)
            w.I64(point);
        w.Int(limit);
    }

    public static (long? Before, int Limit) ReadAuditQuery(ref BodyReader r)
    {
        long? before = (r.UpTo(1) & 1) != 0 ? r.I64() : null;
        return (before, r.Int());
    }

    // kind u8 | subject text
    public static void WritePublish(FrameWriter w, EventKind kind, string subject)
    {
        w.U8((byte)kind);
        w.Text(subject);
    }

    /// <summary>Only of servers: all other events are the broker's own.</summary>
    public static (EventKind Kind, string Subject) ReadPublish(ref BodyReader r)
    {
        var kind = (EventKind)r.U8();
        return kind is EventKind.ServerChanged or EventKind.ServerDeleted or EventKind.ServerChecked
            ? (kind, r.Text()) : throw new ProtocolException(ErrorCode.BadRequest, "Only events of servers are published by others.");
    }
}
