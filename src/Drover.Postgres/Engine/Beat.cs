using Drover.Jobs;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Engine;

/// <summary>
/// What a node says and asks every few seconds, in one round trip and one transaction: that it lives, whether it leads now, and
/// what there is to do. It is all that an idle node sends.
/// </summary>
internal static class Beat
{
    /// <summary>Told by a leader that leaves, so that the others need not wait for their next beat.</summary>
    public const string Handover = "handover";

    private static readonly long Never = HeldJobs.Never.AddYears(-1).UtcTicks;

    private static string LockKey(string schema) => $"hashtextextended('drover leader of {schema}', 0)";

    public static async Task<(bool Holds, StoreLook Look)> RunAsync(
        NpgsqlConnection connection, string schema, Guid node, byte[] workers, bool holds, SharedClock clock, TimeSpan patience, CancellationToken cancel)
    {
        (long steady, long now) = (clock.Steady, clock.Now);
        await using var batch = new NpgsqlBatch(connection) { Timeout = (int)patience.TotalSeconds };
        batch.Add("INSERT INTO nodes (id, seen_at, workers) VALUES ($1, now(), $2) ON CONFLICT (id) DO UPDATE SET seen_at = now(), workers = $2").With(node).With(workers);
        batch.Add("DELETE FROM nodes WHERE seen_at < now() - interval '10 min'");
        batch.Add($"""
            SELECT CASE WHEN $1 THEN true ELSE pg_try_advisory_lock({LockKey(schema)}) END, EXISTS (SELECT FROM ready),
              least((SELECT due - $2 FROM waiting WHERE wall = false ORDER BY due LIMIT 1), (SELECT due - $3 FROM waiting WHERE wall = true ORDER BY due LIMIT 1)),
              (SELECT lease_until - $2 FROM running ORDER BY lease_until LIMIT 1),
              EXISTS (SELECT FROM waiting WHERE wall = true AND due >= $4)
            """).With(holds).With(steady).With(now).With(Never);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (reader.GetBoolean(0), new(reader.GetBoolean(1), TimeOrNull(reader, 2), TimeOrNull(reader, 3), reader.GetBoolean(4)));
    }

    /// <summary>Takes the node off the list of those alive and frees the leader's lock.</summary>
    public static async Task EndAsync(NpgsqlConnection connection, string schema, Guid node, bool holds)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("DELETE FROM nodes WHERE id = $1").With(node);
        if (holds)
        {
            batch.Add($"SELECT pg_advisory_unlock({LockKey(schema)})");
            batch.Add("SELECT pg_notify($1, $2)").With(schema).With(Handover);
        }

        await batch.ExecuteNonQueryAsync();
    }

    private static TimeSpan? TimeOrNull(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : TimeSpan.FromTicks(Math.Max(0, reader.GetInt64(column)));
}
