namespace Drover.Sqlite.Output;

/// <summary>The statements on output, each whole.</summary>
internal static class OutputSql
{
    /// <summary>An entry that is there already is left as it is: it was sent again.</summary>
    public const string Insert = """
        INSERT OR IGNORE INTO output (job, seq, at, attempt, stream, dropped, until, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    public const string Replace = """
        INSERT OR REPLACE INTO output (job, seq, at, attempt, stream, dropped, until, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    public const string Trim = "DELETE FROM output WHERE job = ?1 AND seq >= ?2 AND seq < ?3 AND attempt = ?4";
    public const string LastWithin = "SELECT max(until) FROM output WHERE job = ?1 AND seq >= ?2 AND seq < ?3";
    public const string Delete = "DELETE FROM output WHERE job = ?1";
    public const string LastSeq = "SELECT max(until) FROM output WHERE job = ?1";

    public const string ReadFirst = """
        SELECT seq, at, attempt, stream, dropped, bytes FROM output
        WHERE job = ?1 AND seq > ?2 AND seq < ?3 AND (?4 IS NULL OR attempt = ?4) AND (?5 IS NULL OR stream = ?5 OR stream = 4)
        ORDER BY seq LIMIT ?6
        """;

    public const string ReadLast = """
        SELECT seq, at, attempt, stream, dropped, bytes FROM output
        WHERE job = ?1 AND seq > ?2 AND seq < ?3 AND (?4 IS NULL OR attempt = ?4) AND (?5 IS NULL OR stream = ?5 OR stream = 4)
        ORDER BY seq DESC LIMIT ?6
        """;

    public const string HasMore = """
        SELECT 1 FROM output
        WHERE job = ?1 AND seq > ?2 AND (?3 IS NULL OR attempt = ?3) AND (?4 IS NULL OR stream = ?4 OR stream = 4) LIMIT 1
        """;

    /// <summary>The next job that has output.</summary>
    public const string NextJob = "SELECT job FROM output WHERE job > ?1 ORDER BY job LIMIT 1";
}
