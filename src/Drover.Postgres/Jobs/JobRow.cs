using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>A job on its way into the tables.</summary>
internal sealed record JobRow(Guid Id, JobSpec Spec, int Line, long CreatedAt, byte[] Json, byte[]? Payload, long RunAt, long Due, bool Wall)
{
    /// <summary>Stands for "none" where an array cannot hold a null.</summary>
    private const long None = -1;

    public static readonly string InsertSql = $"""
        WITH n AS MATERIALIZED (
          SELECT nextval('job_seq') AS seq, i.* FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            AS i (id, line, created_at, kind, spec, payload, tags, origin, search, unique_key, run_at, due, wall)),
        j AS (INSERT INTO jobs (seq, created_at, id, line, kind, spec, payload, tags, origin, search)
          SELECT seq, created_at, id, line, kind, spec, payload, string_to_array(tags, E'\n'), origin::uuid, search FROM n),
        r AS (INSERT INTO ready (seq, ready_at, line, attempt, used, status, back, unique_key)
          SELECT seq, created_at, line, 0, 0, 2, false, unique_key FROM n WHERE due = {None}),
        w AS (INSERT INTO waiting (seq, ready_at, run_at, due, wall, line, attempt, used, status, unique_key)
          SELECT seq, created_at, run_at, due, wall, line, 0, 0, 1, unique_key FROM n WHERE due <> {None})
        INSERT INTO unique_keys (key, seq) SELECT unique_key, seq FROM n WHERE unique_key IS NOT NULL
        """;

    /// <summary>As it is stored; see <see cref="JobRules.StoredKeyOf"/>.</summary>
    public string? UniqueKey { get; } = JobRules.StoredKeyOf(Spec);

    public JobStatus Status => Due == None ? JobStatus.Queued : JobStatus.Scheduled;

    public static JobRow Of(JobSpec spec, Guid id, int line, SharedClock clock)
    {
        long now = clock.Now;
        (long runAt, long due, bool wall) = (None, None, false);
        if (spec.Delay is { } delay && delay > TimeSpan.Zero)
            (runAt, due) = (now + delay.Ticks, clock.SteadyIn(delay));
        else if (spec.RunAt is { } at && at.UtcTicks > now)
            (runAt, due, wall) = (at.UtcTicks, at.UtcTicks, true);
        return new(id, spec, line, now, SpecJson.Write(spec), spec.Task is { } task ? task.Payload.ToArray() : null, runAt, due, wall);
    }

    /// <param name="connection">Where.</param>
    /// <param name="rows">What.</param>
    /// <param name="newQueues">Those of their queues that may not be listed yet (<see cref="Registry.Unlisted"/>).</param>
    public static async Task InsertAsync(NpgsqlConnection connection, List<JobRow> rows, string[] newQueues)
    {
        if (rows.Count == 0)
            return;
        // One round trip, one transaction.
        await using var batch = new NpgsqlBatch(connection);
        if (newQueues.Length > 0)
            batch.Add(Registry.ListQueuesSql).With(newQueues);
        batch.Add(InsertSql)
            .With(Each(r => r.Id)).With(Each(r => r.Line)).With(Each(r => r.CreatedAt)).With(Each(r => (short)r.Spec.Kind))
            .With(Each(r => r.Json)).With(Each(r => r.Payload!))
            .With(Each(r => r.Spec.Tags.Count == 0 ? null : string.Join('\n', r.Spec.Tags)))
            .With(Each(r => JobRules.LinkOf(r.Spec)?.ToString())).With(Each(r => Sql.Storable(JobRules.SearchTextOf(r.Spec))))
            .With(Each(r => r.UniqueKey)).With(Each(r => r.RunAt)).With(Each(r => r.Due)).With(Each(r => r.Wall));
        await batch.ExecuteNonQueryAsync();

        T[] Each<T>(Func<JobRow, T> value)
        {
            var values = new T[rows.Count];
            for (int n = 0; n < values.Length; n++)
                values[n] = value(rows[n]);
            return values;
        }
    }
}
