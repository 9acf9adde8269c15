using Drover.Jobs;
using Drover.Postgres.Engine;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>Where a job stands: its row in ready, running, waiting or done.</summary>
internal sealed record State(long Seq, JobStatus Status, int Line, int Attempt, int Used, string? Worker, long LeaseUntil);

/// <summary>The parts of statements that read and move rows between these tables.</summary>
internal static class States
{
    // What goes with a job from table to table.
    private static readonly string[] Carried =
        ["seq", "ready_at", "run_at", "started_at", "out_seq", "cancel_at", "line", "attempt", "used", "worker", "cancel_by", "unique_key", "outcome", "error"];

    private const string Read = "seq, ready_at, run_at, started_at, finished_at, cancel_at, line, attempt, used, status, worker, cancel_by, lease_until, out_seq, outcome, error";

    /// <summary>Every job with its row, wherever that is; in one statement a job has exactly one.</summary>
    public const string All = $"""
        jobs j CROSS JOIN LATERAL (
          SELECT {Read} FROM done WHERE seq = j.seq UNION ALL SELECT {Read} FROM running WHERE seq = j.seq
          UNION ALL SELECT {Read} FROM waiting WHERE seq = j.seq UNION ALL SELECT {Read} FROM ready WHERE line = j.line AND back IN (false, true) AND seq = j.seq) s
        """;

    /// <summary>The same, of finished jobs alone.</summary>
    public const string Finished = "done s JOIN jobs j ON j.seq = s.seq";

    /// <summary>The same, of unfinished jobs alone.</summary>
    public const string Live = $"(SELECT {Read} FROM running UNION ALL SELECT {Read} FROM waiting UNION ALL SELECT {Read} FROM ready) s JOIN jobs j ON j.seq = s.seq";

    /// <summary>Every job, for questions that look at most of them.</summary>
    public const string Together = $"""
        (SELECT {Read} FROM done UNION ALL SELECT {Read} FROM running UNION ALL SELECT {Read} FROM waiting UNION ALL SELECT {Read} FROM ready) s
        JOIN jobs j ON j.seq = s.seq
        """;

    /// <summary>
    /// What an array says of a row whose seq stands at the same place in $1, which is sorted. Rows are never joined with what was asked: the planner
    /// may take a table that was once empty for its smaller side, and go through all of it for each of the others.
    /// </summary>
    public static string At(string array) => $"({array})[width_bucket(seq, $1)]";

    /// <summary>A statement that puts rows into a table as they were, but for the columns set.</summary>
    public static string Into(string table, string from, params string[] set)
    {
        var columns = Carried.Select(c => (Name: c, Value: c)).ToList();
        foreach (string change in set)
        {
            string[] parts = change.Split('=', 2);
            columns.RemoveAll(c => c.Name == parts[0]);
            columns.Add((parts[0], parts[1]));
        }

        return $"INSERT INTO {table} ({string.Join(", ", columns.Select(c => c.Name))}) SELECT {string.Join(", ", columns.Select(c => c.Value))} FROM {from}";
    }

    public static async Task<Dictionary<Guid, State>> FindAsync(NpgsqlConnection connection, Guid[] ids)
    {
        await using var command = connection.Command($"SELECT j.id, s.seq, s.status, s.line, s.attempt, s.used, s.worker, s.lease_until FROM {All} WHERE j.id = ANY($1)").With(ids);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new Dictionary<Guid, State>();
        while (await reader.ReadAsync())
        {
            found[reader.GetGuid(0)] = new(reader.GetInt64(1), (JobStatus)reader.GetInt16(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetInt32(5),
                reader.Text(6), reader.IsDBNull(7) ? 0 : reader.GetInt64(7));
        }

        return found;
    }
}
