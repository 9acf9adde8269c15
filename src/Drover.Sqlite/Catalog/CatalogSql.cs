namespace Drover.Sqlite.Catalog;

/// <summary>The statements on documents and audit events, each whole.</summary>
internal static class CatalogSql
{
    public const string Get = "SELECT kind, id, name, version, json, updated_at FROM documents WHERE kind = ?1 AND id = ?2";
    public const string Find = "SELECT kind, id, name, version, json, updated_at FROM documents WHERE kind = ?1 AND folded_name = ?2";
    public const string List = "SELECT kind, id, name, version, json, updated_at FROM documents WHERE kind = ?1 ORDER BY folded_name";

    public const string Insert = """
        INSERT INTO documents (kind, id, name, folded_name, version, json, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """;

    public const string Update = """
        UPDATE documents SET name = ?3, folded_name = ?4, version = ?5, json = ?6, updated_at = ?7 WHERE kind = ?1 AND id = ?2
        """;

    public const string Delete = "DELETE FROM documents WHERE kind = ?1 AND id = ?2";

    public const string InsertAudit = "INSERT INTO audit (at, actor, origin, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

    public const string ListAudit = """
        SELECT id, at, actor, origin, action, subject, detail FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2
        """;
}
