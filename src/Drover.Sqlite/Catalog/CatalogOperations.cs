using Drover.Catalog;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;

namespace Drover.Sqlite.Catalog;

/// <summary>The writer's statements on documents and audit events.</summary>
internal sealed class CatalogRows(Connection connection, WriterThread writer, TimeProvider time)
{
    public WriterThread Writer { get; } = writer;

    public TimeProvider Time { get; } = time;

    /// <summary>Reads what the present group has written too.</summary>
    public CatalogReader Reader { get; } = new(connection);

    public Statement Insert { get; } = connection.Prepare(CatalogSql.Insert);

    public Statement Update { get; } = connection.Prepare(CatalogSql.Update);

    public Statement Delete { get; } = connection.Prepare(CatalogSql.Delete);

    public Statement InsertAudit { get; } = connection.Prepare(CatalogSql.InsertAudit);

    public static void Bind(Statement statement, CatalogDocument document) => statement
        .Bind(1, document.Kind).Bind(2, document.Id).Bind(3, document.Name).Bind(4, CatalogReader.Fold(document.Name))
        .Bind(5, document.Version).BindBlob(6, document.Json.Span).Bind(7, document.UpdatedAt.UtcTicks).Run();
}

/// <summary>Adds or replaces a document.</summary>
internal sealed class PutOperation(CatalogRows rows, CatalogDocument document, bool create, CancellationToken cancel) : Operation<CatalogDocument>(cancel)
{
    private CatalogDocument? _stored;

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        rows.Writer.Begin();
        var present = rows.Reader.Get(document.Kind, document.Id);
        if (create && present is not null)
            throw new CatalogConflictException($"There is already a {document.Kind} with the id '{document.Id}'.", nameTaken: false);
        if (!create && present is null)
            throw new CatalogConflictException($"The {document.Kind} '{document.Name}' was deleted meanwhile.", nameTaken: false);
        if (!create && present!.Version != document.Version)
            throw new CatalogConflictException($"The {document.Kind} '{document.Name}' was changed meanwhile.", nameTaken: false);
        if (rows.Reader.Find(document.Kind, document.Name) is { } named && named.Id != document.Id)
            throw new CatalogConflictException($"There is already a {document.Kind} with the name '{named.Name}'.", nameTaken: true);
        _stored = document with
        {
            Version = (present?.Version ?? 0) + 1,
            Json = document.Json.ToArray(),
            UpdatedAt = rows.Time.GetUtcNow(),
        };
        CatalogRows.Bind(create ? rows.Insert : rows.Update, _stored);
        return StageResult.Waits;
    }

    public override void Apply() => Answer(_stored!);
}

/// <summary>Deletes a document.</summary>
internal sealed class DeleteDocumentOperation(CatalogRows rows, string kind, string id, long version, CancellationToken cancel) : Operation<bool>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        rows.Writer.Begin();
        if (rows.Reader.Get(kind, id) is not { } present || present.Version != version)
            return Answer(false);
        rows.Delete.Bind(1, kind).Bind(2, id).Run();
        return StageResult.Waits;
    }

    public override void Apply() => Answer(true);
}

/// <summary>Adds audit events.</summary>
internal sealed class AuditOperation(CatalogRows rows, IReadOnlyList<AuditEvent> events, CancellationToken cancel) : Operation<bool>(cancel)
{
    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        rows.Writer.Begin();
        foreach (var e in events)
        {
            rows.InsertAudit.Bind(1, e.At.UtcTicks).Bind(2, e.Actor).Bind(3, e.Origin).Bind(4, e.Action).Bind(5, e.Subject).Bind(6, e.Detail).Run();
        }

        return StageResult.Waits;
    }

    public override void Apply() => Answer(true);
}
