using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>What a store does by the clock: due jobs, lost leases, old jobs.</summary>
internal sealed class Duties(Link link, Registry registry, SharedClock clock, JobCache cache, Finisher finisher)
{
    private static readonly TimeSpan IdempotencyPeriod = TimeSpan.FromHours(24);
    private const string Lock = "SELECT pg_advisory_xact_lock(hashtextextended('drover duties of ' || current_schema(), 0))";

    private static readonly string PromoteSql = $"""
        WITH c AS MATERIALIZED (SELECT seq, due - $1 AS late FROM waiting WHERE wall = false AND due <= $1 ORDER BY due, seq LIMIT $3),
        e AS MATERIALIZED (SELECT seq, due - $2 AS late FROM waiting WHERE wall = true AND due <= $2 ORDER BY due, seq LIMIT $3),
        d AS MATERIALIZED (SELECT seq FROM (SELECT * FROM c UNION ALL SELECT * FROM e) x ORDER BY late, seq LIMIT $3),
        g AS (DELETE FROM waiting WHERE seq = ANY (ARRAY (SELECT seq FROM d)) AND due <= CASE WHEN wall THEN $2 ELSE $1 END
          RETURNING *, due - CASE WHEN wall THEN $2 ELSE $1 END AS late),
        r AS ({States.Into("ready", "g", "status=2", "ready_at=$2", "back=true")})
        SELECT j.id, g.status, g.line, g.attempt, g.worker FROM g CROSS JOIN LATERAL (SELECT id FROM jobs WHERE seq = g.seq LIMIT 1) j ORDER BY g.late, g.seq
        """;

    private const string NextSql = """
        SELECT least((SELECT due - $1 FROM waiting WHERE wall = false ORDER BY due LIMIT 1), (SELECT due - $2 FROM waiting WHERE wall = true ORDER BY due LIMIT 1))
        """;

    private const string SumCountsSql = """
        WITH c AS (DELETE FROM done_counts WHERE (SELECT count(*) FROM done_counts) > $1 RETURNING line, status, n)
        INSERT INTO done_counts SELECT line, status, sum(n) FROM c GROUP BY line, status HAVING sum(n) <> 0
        """;

    public async Task<PromoteResult> PromoteAsync(int max)
    {
        long steady = clock.Steady, now = clock.Now;
        var (rows, next) = await link.TransactAsync(async connection =>
        {
            await using (var wait = connection.Command(Lock))
                await wait.ExecuteNonQueryAsync();
            var due = new List<(Guid Id, JobStatus From, int Line, int Attempt, string? Worker)>();
            await using (var command = connection.Command(PromoteSql).With(steady).With(now).With((long)max))
            {
                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    due.Add((reader.GetGuid(0), (JobStatus)reader.GetInt16(1), reader.GetInt32(2), reader.GetInt32(3), reader.Text(4)));
            }

            await using var ask = connection.Command(NextSql).With(steady).With(now);
            return (due, await ask.ExecuteScalarAsync() is long wait2 ? TimeSpan.FromTicks(Math.Max(0, wait2)) : (TimeSpan?)null);
        });
        var changes = new List<JobChange>(rows.Count);
        foreach (var (id, from, line, attempt, worker) in rows)
        {
            await registry.KnowAsync(line);
            changes.Add(new(id, ChangeResult.Done, from, JobStatus.Queued, registry.QueueOf(line), attempt, worker));
        }

        return new(changes, next);
    }

    public async Task<IReadOnlyList<JobChange>> ExpireAsync(int max)
    {
        long now = clock.Steady;
        var lost = new List<JobChange>();
        // Others may be at the same leases: what they ended is not counted, and the rest is looked for again.
        while (lost.Count < max)
        {
            var found = await FindAsync("lease_until <= $1 ORDER BY lease_until, seq LIMIT $2", c => c.With(now).With((long)(max - lost.Count)), "its lease ran out");
            if (found.Count == 0)
                break;
            lost.AddRange((await finisher.EndAsync([.. found.Select(f => new Ending(f, now))])).Where(c => c.Result == ChangeResult.Done));
        }

        return lost;
    }

    public async Task<IReadOnlyList<JobChange>> LoseWorkerAsync(string worker, Guid current)
    {
        var found = await FindAsync("worker = $1 AND instance <> $2 ORDER BY seq", c => c.With(worker).With(current), "it was started anew");
        return [.. (await finisher.EndAsync([.. found.Select(f => new Ending(f, long.MaxValue))])).Where(c => c.Result == ChangeResult.Done)];
    }

    public async Task<int> RetainAsync(RetentionPolicy policy, int max)
    {
        long now = clock.Now;
        return await link.TransactAsync(async connection =>
        {
            await using (var keys = connection.Command("DELETE FROM idempotency_keys WHERE key IN (SELECT key FROM idempotency_keys WHERE at <= $1 ORDER BY at LIMIT $2)")
                .With(now - IdempotencyPeriod.Ticks).With((long)max))
                await keys.ExecuteNonQueryAsync();
            // There are as many as lines at least; not worth the while before there are more than a count reads in passing.
            await using (var sum = connection.Command(SumCountsSql).With(registry.Known.Lines.Length * 3L + 200))
                await sum.ExecuteNonQueryAsync();
            var old = new List<long>();
            await using (var find = connection.Command("""
                SELECT seq FROM (
                  (SELECT seq, finished_at FROM done WHERE status <> 6 AND finished_at < $1 ORDER BY finished_at, seq LIMIT $3)
                  UNION ALL (SELECT seq, finished_at FROM done WHERE status = 6 AND finished_at < $2 ORDER BY finished_at, seq LIMIT $3)) o
                ORDER BY finished_at, seq LIMIT $3
                """).With(Before(policy.Completed)).With(Before(policy.Failed)).With((long)max))
            {
                await using var reader = await find.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    old.Add(reader.GetInt64(0));
            }

            if (old.Count == 0)
                return 0;
            int deleted = 0;
            await using var delete = connection.Command(Changer.DeleteSql).With(old.ToArray());
            await using var gone = await delete.ExecuteReaderAsync();
            while (await gone.ReadAsync())
                deleted++;
            return deleted;
        });

        long Before(TimeSpan? keep) => keep is { } period && period.Ticks < now ? now - period.Ticks : long.MinValue;
    }

    private Task<List<FinishRequest>> FindAsync(string where, Action<NpgsqlCommand> with, string why) => link.ReadAsync(async connection =>
    {
        await using var command = connection.Command($"""
            SELECT j.id, r.attempt, r.seq, j.spec, r.used, r.worker FROM (SELECT * FROM running WHERE {where}) r
            CROSS JOIN LATERAL (SELECT id, spec FROM jobs WHERE seq = r.seq LIMIT 1) j
            """);
        with(command);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<FinishRequest>();
        while (await reader.ReadAsync())
        {
            cache.Add(reader.GetGuid(0), new(reader.GetInt64(2), SpecJson.Read(reader.GetFieldValue<byte[]>(3), []), reader.GetInt32(4)));
            found.Add(new(new(reader.GetGuid(0), reader.GetInt32(1)), new()
            {
                Kind = OutcomeKind.WorkerLost,
                Reason = FailureReasons.WorkerLost,
                Error = $"The worker '{reader.GetString(5)}' was lost: {why}.",
            }));
        }

        return found;
    }, CancellationToken.None);
}
