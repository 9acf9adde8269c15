namespace Drover.Sqlite.Jobs;

/// <summary>The statements on jobs, each whole.</summary>
internal static class JobSql
{
    public const string InsertJob = """
        INSERT INTO jobs (seq, id, created_at, lane, kind, priority, tagset, due_at, delayed, unique_key, origin, spec, payload)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        """;

    public const string InsertEvent = """
        INSERT INTO events (seq, no, kind, at, attempt, status, used, due_at, priority, started_at, who, instance, outcome, exit_code, reason, detail, error, result)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
        """;

    public const string InsertLane = "INSERT INTO lanes (id, queue, needs, limit_key) VALUES (?1, ?2, ?3, ?4)";
    public const string InsertTagset = "INSERT INTO tagsets (id, tags) VALUES (?1, ?2)";
    public const string InsertTag = "INSERT OR IGNORE INTO job_tags (tag, seq) VALUES (?1, ?2)";
    public const string InsertText = "INSERT OR REPLACE INTO job_text (rowid, text) VALUES (?1, ?2)";
    public const string DeleteText = "DELETE FROM job_text WHERE rowid = ?1";
    public const string SetMark = "INSERT INTO marks (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    public const string GetMark = "SELECT value FROM marks WHERE name = ?1";
    public const string SetPaused = "INSERT INTO queues (name, paused) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused";

    public const string GetAnswer = "SELECT fingerprint, at, answer FROM idempotency WHERE key = ?1";
    public const string SetAnswer = "INSERT OR REPLACE INTO idempotency (key, fingerprint, at, answer) VALUES (?1, ?2, ?3, ?4)";
    public const string DeleteOldAnswers = "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at <= ?1 ORDER BY at LIMIT ?2)";

    /// <summary>What a lease needs.</summary>
    public const string GetWork = "SELECT id, spec, payload FROM jobs WHERE seq = ?1";

    /// <summary>What a change of a waiting job needs.</summary>
    public const string GetHead = "SELECT id, created_at, due_at, unique_key, lane FROM jobs WHERE seq = ?1";

    public const string GetJob = "SELECT id, created_at, priority, due_at, spec, payload FROM jobs WHERE seq = ?1";

    public const string GetEvents = """
        SELECT seq, no, kind, at, attempt, status, used, due_at, priority, started_at, who, instance, outcome, exit_code, reason, detail, error, result
        FROM events WHERE seq = ?1 ORDER BY no
        """;

    /// <summary>What recovery needs of each job, in order.</summary>
    public const string ScanJobs = """
        SELECT seq, id, created_at, lane, kind, priority, tagset, due_at, delayed, unique_key FROM jobs WHERE seq >= ?1 AND seq < ?2 ORDER BY seq
        """;

    /// <summary>What recovery needs of each event, in order; the columns of <see cref="GetEvents"/>, the long ones empty.</summary>
    public const string ScanEvents = """
        SELECT seq, no, kind, at, attempt, status, used, due_at, priority, started_at, who, instance, outcome, NULL, NULL, NULL, error IS NOT NULL, NULL
        FROM events WHERE seq >= ?1 AND seq < ?2 ORDER BY seq, no
        """;

    public const string DeleteJob = "DELETE FROM jobs WHERE seq = ?1";
    public const string DeleteEvents = "DELETE FROM events WHERE seq = ?1";
    public const string DeleteTag = "DELETE FROM job_tags WHERE tag = ?1 AND seq = ?2";

    public const string SeqsByOrigin = "SELECT seq FROM jobs WHERE origin = ?1";
    public const string SeqsByTag = "SELECT seq FROM job_tags WHERE tag = ?1";
    public const string SeqsByText = "SELECT rowid >> 1 FROM job_text WHERE job_text MATCH ?1";

    public const string LastSeq = "SELECT max(seq) FROM jobs";
}
