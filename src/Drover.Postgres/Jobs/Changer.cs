using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>Cancels, retries, deletes and updates jobs that somebody names.</summary>
internal sealed class Changer(Link link, Registry registry, SharedClock clock)
{
    private const int Tries = 20;
    private const string Lock = "SELECT pg_advisory_xact_lock(hashtextextended('drover keys of ' || current_schema(), 0))";

    private static readonly string CancelSql = $"""
        WITH r AS (DELETE FROM ready WHERE ctid = ANY (ARRAY (SELECT c.tid FROM jobs j CROSS JOIN LATERAL (
          SELECT ctid AS tid FROM ready WHERE line = j.line AND back IN (false, true) AND seq = j.seq LIMIT 1 FOR UPDATE) c WHERE j.seq = ANY ($1))) RETURNING *),
        w AS (DELETE FROM waiting WHERE seq = ANY($1) RETURNING *),
        g AS (SELECT * FROM r UNION ALL SELECT * FROM w),
        d AS ({States.Into("done", "g", "status=7", "finished_at=$2", "cancel_at=$2", "cancel_by=$3")}),
        k AS (DELETE FROM unique_keys WHERE key = ANY (ARRAY (SELECT unique_key FROM g WHERE unique_key IS NOT NULL))),
        u AS (UPDATE running SET cancel_at = coalesce(cancel_at, $2), cancel_by = CASE WHEN cancel_at IS NULL THEN $3 ELSE cancel_by END WHERE seq = ANY($1)
          RETURNING seq, line, attempt, worker)
        SELECT seq, 0, status, 7::smallint, line, attempt, worker FROM g UNION ALL SELECT seq, 1, 3::smallint, 3::smallint, line, attempt, worker FROM u
        """;

    // The key is looked at under the lock under which keys are given.
    private static readonly string RetrySql = $"""
        WITH c AS (SELECT DISTINCT ON (coalesce(d.unique_key, d.seq::text)) d.seq
            FROM done d LEFT JOIN LATERAL (SELECT seq FROM unique_keys WHERE key = d.unique_key LIMIT 1) u ON true
            WHERE d.seq = ANY($1) AND d.status = 6 AND u.seq IS NULL ORDER BY coalesce(d.unique_key, d.seq::text), array_position($1, d.seq)),
        g AS (DELETE FROM done WHERE seq = ANY (ARRAY (SELECT seq FROM c)) AND status = 6 RETURNING *),
        a AS (INSERT INTO attempts (seq, started_at, finished_at, number, worker, outcome)
          SELECT seq, started_at, finished_at, attempt, worker, outcome FROM g WHERE attempt > 0 ON CONFLICT DO NOTHING),
        k AS (INSERT INTO unique_keys (key, seq) SELECT unique_key, seq FROM g WHERE unique_key IS NOT NULL),
        r AS ({States.Into("ready", "g", "status=2", "ready_at=$2", "run_at=NULL", "used=0", "back=true", "cancel_at=NULL", "cancel_by=NULL")})
        SELECT seq, 0, status, 2::smallint, line, attempt, worker FROM g
        """;

    public const string DeleteSql = """
        WITH g AS (DELETE FROM done WHERE seq = ANY($1) RETURNING *),
        j AS (DELETE FROM jobs WHERE seq = ANY (ARRAY (SELECT seq FROM g))),
        a AS (DELETE FROM attempts WHERE seq = ANY (ARRAY (SELECT seq FROM g))),
        o AS (DELETE FROM output WHERE seq = ANY (ARRAY (SELECT seq FROM g)))
        SELECT seq, 0, status, status, line, attempt, worker FROM g
        """;

    private static readonly string UpdateSql = $"""
        WITH r AS (DELETE FROM ready WHERE line = (SELECT line FROM jobs WHERE seq = $1) AND back IN (false, true) AND seq = $1 RETURNING *),
        w AS (DELETE FROM waiting WHERE seq = $1 RETURNING *),
        m AS (SELECT * FROM r UNION ALL SELECT * FROM w),
        g AS (SELECT m.seq, CASE WHEN $4 = 2 AND m.status <> 2 THEN $5 ELSE m.ready_at END AS ready_at,
            CASE $4 WHEN 1 THEN $3 WHEN 2 THEN CASE WHEN m.status = 2 THEN m.run_at END ELSE m.run_at END AS run_at,
            m.started_at, m.out_seq, m.cancel_at, m.attempt, m.used, m.worker, m.cancel_by, m.unique_key, m.outcome, m.error,
            CASE $4 WHEN 0 THEN m.status ELSE $4 END AS status, CASE $4 WHEN 1 THEN $3 ELSE m.due END AS due, CASE $4 WHEN 1 THEN true ELSE m.wall END AS wall,
            m.status AS was, $2 AS line FROM m),
        i AS ({States.Into("ready", "g WHERE status = 2", "status=status", "back=true")}),
        n AS ({States.Into("waiting", "g WHERE status <> 2", "status=status", "due=due", "wall=wall")}),
        j AS (UPDATE jobs SET line = $2 WHERE seq = (SELECT seq FROM g) AND line <> $2)
        SELECT seq, 0, was, status, line, attempt, worker FROM g
        """;

    public Task<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by) => ChangeAsync(ids, s => !s.Status.IsFinal(), (connection, seqs) =>
        AskAsync(connection.Command(CancelSql).With(seqs).With(clock.Now).With((string?)Sql.Storable(by)!)));

    public Task<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids) => ChangeAsync(ids, s => s.Status == JobStatus.Failed, async (connection, seqs) =>
    {
        await using (var wait = connection.Command(Lock))
            await wait.ExecuteNonQueryAsync();
        return await AskAsync(connection.Command(RetrySql).With(seqs).With(clock.Now));
    }, most: 2);

    public Task<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids) => ChangeAsync(ids, s => s.Status.IsFinal(), (connection, seqs) =>
        AskAsync(connection.Command(DeleteSql).With(seqs)));

    public async Task<JobChange> UpdateAsync(Guid id, JobUpdate update)
    {
        var changes = await ChangeAsync([id], s => s.Status is JobStatus.Scheduled or JobStatus.Queued or JobStatus.Retrying, async (connection, seqs) =>
        {
            await using var ask = connection.Command("SELECT line FROM jobs WHERE seq = $1 FOR UPDATE").With(seqs[0]);
            if (await ask.ExecuteScalarAsync() is not int at)
                return [];
            await registry.KnowAsync(at);
            var line = registry.Known.ById[at];
            if (update.Priority is { } priority && priority != line.Priority)
                line = await registry.LineOfAsync((line.Queue, line.Needs, line.LimitKey, priority));
            long now = clock.Now;
            long runAt = update.RunAt?.UtcTicks ?? 0;
            short to = update.RunAt is null ? (short)0 : runAt > now ? (short)JobStatus.Scheduled : (short)JobStatus.Queued;
            return await AskAsync(connection.Command(UpdateSql).With(seqs[0]).With(line.Id).With(runAt).With(to).With(now));
        });
        return changes[0];
    }

    /// <summary>
    /// Changes jobs, each where it stands. One that moves on meanwhile is not met; then it is looked at again, as long as it is in
    /// a state in which it could be changed.
    /// </summary>
    private async Task<IReadOnlyList<JobChange>> ChangeAsync(
        IReadOnlyList<Guid> ids, Func<State, bool> changeable, Func<NpgsqlConnection, long[], Task<Dictionary<long, (int Result, JobStatus From, JobStatus To, int Line, int Attempt, string? Worker)>>> change, int most = Tries)
    {
        var changes = new JobChange[ids.Count];
        var open = Enumerable.Range(0, ids.Count).ToList();
        var tried = new Dictionary<int, int>();
        while (open.Count > 0)
        {
            var states = await link.ReadAsync(c => States.FindAsync(c, [.. open.Select(n => ids[n]).Distinct()]), CancellationToken.None);
            var again = new List<int>();
            var mine = new Dictionary<long, int>();
            foreach (int n in open)
            {
                if (!states.TryGetValue(ids[n], out var state))
                    changes[n] = new(ids[n], ChangeResult.NotFound, default, default, "", 0, null);
                else if (mine.ContainsKey(state.Seq))
                    again.Add(n);
                else if (changeable(state) && tried.GetValueOrDefault(n) < most)
                    mine[state.Seq] = n;
                else
                    changes[n] = await AnswerAsync(ids[n], ChangeResult.Conflict, state.Status, state.Status, state.Line, state.Attempt, state.Worker);
            }

            if (mine.Count > 0)
            {
                var done = await link.TransactAsync(c => change(c, [.. mine.Keys]));
                foreach (var (seq, n) in mine)
                {
                    tried[n] = tried.GetValueOrDefault(n) + 1;
                    if (done.TryGetValue(seq, out var r))
                        changes[n] = await AnswerAsync(ids[n], (ChangeResult)r.Result, r.From, r.To, r.Line, r.Attempt, r.Worker);
                    else
                        again.Add(n);
                }
            }

            again.Sort();
            open = again;
        }

        return changes;
    }

    private async ValueTask<JobChange> AnswerAsync(Guid id, ChangeResult result, JobStatus from, JobStatus to, int line, int attempt, string? worker)
    {
        await registry.KnowAsync(line);
        return new(id, result, from, to, registry.QueueOf(line), attempt, worker);
    }

    private static async Task<Dictionary<long, (int Result, JobStatus From, JobStatus To, int Line, int Attempt, string? Worker)>> AskAsync(NpgsqlCommand command)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync();
            var done = new Dictionary<long, (int, JobStatus, JobStatus, int, int, string?)>();
            while (await reader.ReadAsync())
                done[reader.GetInt64(0)] = (reader.GetInt32(1), (JobStatus)reader.GetInt16(2), (JobStatus)reader.GetInt16(3), reader.GetInt32(4), reader.GetInt32(5), reader.Text(6));
            return done;
        }
    }
}
