using Drover.Catalog;
using Drover.Sqlite.Sql;

namespace Drover.Sqlite.Catalog;

/// <summary>Reads documents and audit events.</summary>
internal sealed class CatalogReader(Connection connection)
{
    private readonly Statement _get = connection.Prepare(CatalogSql.Get);
    private readonly Statement _find = connection.Prepare(CatalogSql.Find);
    private readonly Statement _list = connection.Prepare(CatalogSql.List);
    private readonly Statement _listAudit = connection.Prepare(CatalogSql.ListAudit);

    /// <summary>Names are compared in this form.</summary>
    public static string Fold(string name) => name.ToUpperInvariant();

    public CatalogDocument? Get(string kind, string id) => ReadAll(_get.Bind(1, kind).Bind(2, id)).FirstOrDefault();

    public CatalogDocument? Find(string kind, string name) => ReadAll(_find.Bind(1, kind).Bind(2, Fold(name))).FirstOrDefault();

    public List<CatalogDocument> List(string kind) => ReadAll(_list.Bind(1, kind));

    public List<AuditEvent> ListAudit(long before, int limit)
    {
        var events = new List<AuditEvent>();
        _listAudit.Bind(1, before).Bind(2, limit);
        while (_listAudit.Step())
        {
            events.Add(new(_listAudit.Long(0), new(_listAudit.Long(1), TimeSpan.Zero), _listAudit.Text(2)!, _listAudit.Text(3), _listAudit.Text(4)!,
                _listAudit.Text(5), _listAudit.Text(6)));
        }

        return events;
    }

    private static List<CatalogDocument> ReadAll(Statement rows)
    {
        var documents = new List<CatalogDocument>();
        while (rows.Step())
            documents.Add(new(rows.Text(0)!, rows.Text(1)!, rows.Text(2)!, rows.Long(3), rows.Blob(4).ToArray(), new(rows.Long(5), TimeSpan.Zero)));
        return documents;
    }
}
