using Drover.Jobs;
using Drover.Output;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>Takes over jobs of another store.</summary>
internal sealed class Importer(Link link, Registry registry, SharedClock clock)
{
    private const string InsertJobs = """
        INSERT INTO jobs (seq, created_at, id, line, kind, spec, payload, tags, origin, search)
        SELECT seq, created_at, id, line, kind, spec, payload, string_to_array(tags, E'\n'), origin::uuid, search
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS i (seq, created_at, id, line, kind, spec, payload, tags, origin, search)
        """;

    private const string InsertStates = """
        WITH i AS MATERIALIZED (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
          AS i (seq, ready_at, run_at, started_at, finished_at, due, wall, cancel_at, line, attempt, used, status, worker, cancel_by, unique_key, outcome, error)),
        r AS (INSERT INTO ready (seq, ready_at, run_at, started_at, cancel_at, line, attempt, used, status, back, worker, cancel_by, unique_key, outcome, error)
          SELECT seq, ready_at, run_at, started_at, cancel_at, line, attempt, used, status, false, worker, cancel_by, unique_key, outcome, error FROM i WHERE status = 2),
        w AS (INSERT INTO waiting (seq, ready_at, run_at, started_at, due, wall, cancel_at, line, attempt, used, status, worker, cancel_by, unique_key, outcome, error)
          SELECT seq, ready_at, run_at, started_at, due, wall, cancel_at, line, attempt, used, status, worker, cancel_by, unique_key, outcome, error FROM i WHERE status IN (1, 4))
        INSERT INTO done (seq, ready_at, run_at, started_at, finished_at, cancel_at, line, attempt, used, status, worker, cancel_by, unique_key, outcome, error)
        SELECT seq, ready_at, run_at, started_at, finished_at, cancel_at, line, attempt, used, status, worker, cancel_by, unique_key, outcome, error FROM i WHERE status >= 5
        """;

    private const string InsertAttempts = """
        INSERT INTO attempts (seq, started_at, finished_at, number, worker, outcome) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        """;

    private const string InsertOutput = """
        INSERT INTO output (seq, number, at, dropped, attempt, stream, bytes)
        SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7) ON CONFLICT (seq, number) DO NOTHING
        """;

    public async Task ImportAsync(IReadOnlyList<Job> jobs, CancellationToken cancel)
    {
        JobImport.RefuseRunning(jobs);
        var present = await link.ReadAsync(c => States.FindAsync(c, [.. jobs.Select(j => j.Id)]), cancel);
        jobs = [.. jobs.Where(j => !present.ContainsKey(j.Id))];
        if (jobs.Count == 0)
            return;
        var lines = await registry.LinesOfAsync([.. jobs.Select(j => (j.Spec, j.Priority))], cancel);
        await link.TransactAsync(async connection =>
        {
            long[] seqs = await SeqsAsync(connection, jobs.Count);
            await using var batch = new NpgsqlBatch(connection);
            batch.Add(Registry.ListQueuesSql).With(jobs.Select(j => j.Spec.Queue).Distinct().Order(StringComparer.Ordinal).ToArray());
            AddJobs(batch, jobs, seqs, lines);
            AddStates(batch, jobs, seqs, lines);
            AddAttempts(batch, jobs, seqs);
            string?[] keys = [.. jobs.Select(JobImport.HeldKey)];
            batch.Add("INSERT INTO unique_keys (key, seq) SELECT key, seq FROM unnest($1, $2) AS i (key, seq) WHERE key IS NOT NULL").With(keys).With(seqs);
            await batch.ExecuteNonQueryAsync(cancel);
            return true;
        });
    }

    public async Task ImportOutputAsync(Guid id, IReadOnlyList<OutputEntry> entries, CancellationToken cancel)
    {
        var present = await link.ReadAsync(c => States.FindAsync(c, [id]), cancel);
        if (entries.Count == 0 || !present.TryGetValue(id, out var state))
            return;
        await link.TransactAsync(async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.Add(InsertOutput).With(state.Seq).With(entries.Select(e => e.Seq).ToArray()).With(entries.Select(e => e.At.UtcTicks).ToArray())
                .With(entries.Select(e => e.DroppedBytes).ToArray()).With(entries.Select(e => e.Attempt).ToArray())
                .With(entries.Select(e => (short)e.Stream).ToArray()).With(entries.Select(e => e.Bytes.ToArray()).ToArray());
            foreach (string table in (string[])["ready", "waiting", "done"])
                batch.Add($"UPDATE {table} SET out_seq = greatest(coalesce(out_seq, 0), $2) WHERE seq = $1").With(state.Seq).With(entries[^1].Seq);
            await batch.ExecuteNonQueryAsync(cancel);
            return true;
        });
    }

    private static async Task<long[]> SeqsAsync(NpgsqlConnection connection, int count)
    {
        var seqs = new List<long>(count);
        await using var command = connection.Command("SELECT nextval('job_seq') FROM generate_series(1, $1)").With(count);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            seqs.Add(reader.GetInt64(0));
        seqs.Sort();
        return [.. seqs];
    }

    private static void AddJobs(NpgsqlBatch batch, IReadOnlyList<Job> jobs, long[] seqs, Line[] lines)
    {
        batch.Add(InsertJobs).With(seqs).With(jobs.Select(j => j.CreatedAt.UtcTicks).ToArray()).With(jobs.Select(j => j.Id).ToArray())
            .With(lines.Select(l => l.Id).ToArray()).With(jobs.Select(j => (short)j.Spec.Kind).ToArray())
            .With(jobs.Select(j => SpecJson.Write(j.Spec)).ToArray()).With(jobs.Select(j => j.Spec.Task?.Payload.ToArray()!).ToArray())
            .With(jobs.Select(j => j.Spec.Tags.Count == 0 ? null : string.Join('\n', j.Spec.Tags)).ToArray())
            .With(jobs.Select(j => JobRules.LinkOf(j.Spec)?.ToString()).ToArray()).With(jobs.Select(j => Sql.Storable(JobRules.SearchTextOf(j.Spec))).ToArray());
    }

    private void AddStates(NpgsqlBatch batch, IReadOnlyList<Job> jobs, long[] seqs, Line[] lines)
    {
        long now = clock.Now;
        batch.Add(InsertStates).With(seqs).With(jobs.Select(j => JobImport.ReadyAt(j).UtcTicks).ToArray()).With(Times(j => j.RunAt)).With(Times(j => j.StartedAt))
            .With(Times(j => j.FinishedAt)).With(jobs.Select(Due).ToArray()).With(jobs.Select(JobImport.IsDueByClock).ToArray()).With(Times(j => j.CancelRequestedAt))
            .With(lines.Select(l => l.Id).ToArray()).With(jobs.Select(j => j.Attempt).ToArray()).With(jobs.Select(j => j.AttemptsUsed).ToArray())
            .With(jobs.Select(j => (short)j.Status).ToArray()).With(jobs.Select(j => j.WorkerId).ToArray()).With(jobs.Select(j => Sql.Storable(j.CanceledBy)).ToArray())
            .With(jobs.Select(j => JobRules.StoredKeyOf(j.Spec)).ToArray()).With(jobs.Select(j => j.Outcome is { } outcome ? StoredOutcome.Write(outcome) : null!).ToArray())
            .With(jobs.Select(j => Sql.Storable(j.Outcome?.Error)).ToArray());

        long?[] Times(Func<Job, DateTimeOffset?> time) => [.. jobs.Select(j => time(j)?.UtcTicks)];

        long? Due(Job job) => job.RunAt is not { } at ? null : JobImport.IsDueByClock(job) ? at.UtcTicks : clock.SteadyIn(new(Math.Max(0, at.UtcTicks - now)));
    }

    /// <summary>All but the one that ended its job: it stands with the job.</summary>
    private static void AddAttempts(NpgsqlBatch batch, IReadOnlyList<Job> jobs, long[] seqs)
    {
        var attempts = jobs.SelectMany((job, n) => job.Attempts.Take(job.Attempts.Count - (JobImport.EndedByAttempt(job) ? 1 : 0)).Select(attempt => (Seq: seqs[n], attempt))).ToList();
        batch.Add(InsertAttempts).With(attempts.Select(a => a.Seq).ToArray()).With(attempts.Select(a => a.attempt.StartedAt.UtcTicks).ToArray())
            .With(attempts.Select(a => a.attempt.FinishedAt!.Value.UtcTicks).ToArray()).With(attempts.Select(a => a.attempt.Number).ToArray())
            .With(attempts.Select(a => a.attempt.WorkerId).ToArray()).With(attempts.Select(a => StoredOutcome.Write(a.attempt.Outcome!)).ToArray());
    }
}
