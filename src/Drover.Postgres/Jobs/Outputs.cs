using Drover.Jobs;
using Drover.Output;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>Keeps what attempts print. Several attempts' entries go into one statement, which writes only for leases that are held.</summary>
internal sealed class Outputs
{
    private const int MostBytes = 4 * 1024 * 1024;

    // The row of the running job is locked by the update, so that the attempt cannot end meanwhile.
    private static readonly string AppendSql = $"""
        WITH h AS (SELECT seq, coalesce(out_seq, 0) AS before FROM running WHERE seq = ANY ($1) AND attempt = {States.At("$2")} ORDER BY seq FOR UPDATE),
        u AS (UPDATE running SET out_seq = greatest(out_seq, {States.At("$3")}) WHERE seq = ANY (ARRAY (SELECT seq FROM h))),
        b AS (SELECT array_agg(seq) AS seqs, array_agg(before) AS befores FROM h),
        e AS (INSERT INTO output (seq, number, at, dropped, attempt, stream, bytes)
          SELECT seq, number, at, 0, {States.At("$2")}, stream, bytes FROM b, unnest($4, $5, $6, $7, $8) AS e (seq, number, at, stream, bytes)
          WHERE seq = seqs[width_bucket(seq, seqs)] AND number > befores[width_bucket(seq, seqs)])
        SELECT seq FROM h
        """;

    private const string TrimSql = """
        DELETE FROM output o USING unnest($1, $2, $3, $4) AS t (seq, attempt, first, until) CROSS JOIN LATERAL (SELECT FROM running WHERE seq = t.seq AND attempt = t.attempt LIMIT 1) r
        WHERE o.seq = t.seq AND o.attempt = t.attempt AND o.number >= t.first AND o.number < t.until
        """;

    private const string GapSql = """
        INSERT INTO output (seq, number, at, dropped, attempt, stream, bytes)
        SELECT t.seq, t.first, t.at, t.dropped, t.attempt, 4, ''::bytea FROM unnest($1, $2, $3, $4, $5) AS t (seq, attempt, first, at, dropped)
        CROSS JOIN LATERAL (SELECT FROM running WHERE seq = t.seq AND attempt = t.attempt LIMIT 1) r
        ON CONFLICT (seq, number) DO UPDATE SET at = excluded.at, dropped = excluded.dropped, stream = excluded.stream, bytes = excluded.bytes, attempt = excluded.attempt
        """;

    private readonly Link _link;
    private readonly JobCache _cache;
    private readonly Groups<Append, bool> _groups;

    public Outputs(Link link, JobCache cache)
    {
        (_link, _cache) = (link, cache);
        _groups = new(2, MostBytes, a => 100 + a.Entries.Sum(e => e.Bytes.Length + 100), RunAsync);
    }

    public async ValueTask<bool> AppendAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel)
    {
        var known = await _cache.LearnAsync([lease.JobId], cancel);
        return known.TryGetValue(lease.JobId, out var job) && await _groups.AddAsync(new(job.Seq, lease.Attempt, entries, trim));
    }

    private async Task RunAsync(List<Call<Append, bool>> group)
    {
        // Two calls of one job go one after the other.
        while (group.Count > 0)
        {
            var first = group.DistinctBy(c => c.Request.Seq).OrderBy(c => c.Request.Seq).ToList();
            var held = await _link.WriteAsync(c => SendAsync(c, first.ConvertAll(call => call.Request)));
            foreach (var call in first)
                call.Done(held.Contains(call.Request.Seq));
            group = [.. group.Except(first)];
        }
    }

    private static async Task<HashSet<long>> SendAsync(NpgsqlConnection connection, List<Append> appends)
    {
        var entries = new List<(long Seq, OutputEntry Entry)>();
        var lasts = new long[appends.Count];
        for (int n = 0; n < lasts.Length; n++)
        {
            foreach (var entry in appends[n].Entries)
            {
                if (entry.Seq <= lasts[n])
                    continue;
                lasts[n] = entry.Seq;
                entries.Add((appends[n].Seq, entry));
            }

            if (appends[n].Trim is { } trim)
                lasts[n] = Math.Max(lasts[n], trim.ToSeq - 1);
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.Add(AppendSql).With(appends.Select(a => a.Seq).ToArray()).With(appends.Select(a => a.Attempt).ToArray()).With(lasts)
            .With(entries.Select(e => e.Seq).ToArray()).With(entries.Select(e => e.Entry.Seq).ToArray()).With(entries.Select(e => e.Entry.At.UtcTicks).ToArray())
            .With(entries.Select(e => (short)e.Entry.Stream).ToArray()).With(entries.Select(e => e.Entry.Bytes.ToArray()).ToArray());
        var trims = appends.Where(a => a.Trim is not null).ToList();
        if (trims.Count > 0)
        {
            long[] seqs = [.. trims.Select(t => t.Seq)];
            int[] attempts = [.. trims.Select(t => t.Attempt)];
            long[] firsts = [.. trims.Select(t => t.Trim!.FromSeq)];
            batch.Add(TrimSql).With(seqs).With(attempts).With(firsts).With(trims.Select(t => t.Trim!.ToSeq).ToArray());
            batch.Add(GapSql).With(seqs).With(attempts).With(firsts).With(trims.Select(t => t.Trim!.At.UtcTicks).ToArray()).With(trims.Select(t => t.Trim!.DroppedBytes).ToArray());
        }

        var held = new HashSet<long>();
        await using var reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            held.Add(reader.GetInt64(0));
        while (await reader.NextResultAsync())
        {
        }

        return held;
    }

    public async ValueTask<OutputPage?> ReadAsync(OutputQuery query, CancellationToken cancel) => await _link.ReadAsync(async connection =>
    {
        // The status is read first: when it is final then, every entry is there to be read.
        var found = await States.FindAsync(connection, [query.JobId]);
        if (!found.TryGetValue(query.JobId, out var state))
            return null;
        var page = new List<OutputEntry>();
        long bytes = 0;
        await using (var command = connection.Command($"""
            SELECT number, at, attempt, stream, bytes, dropped FROM output
            WHERE seq = $1 AND number > $2 AND number < $3 AND ($4 = 0 OR stream = $4 OR stream = 4) AND ($5 = -1 OR attempt = $5)
            ORDER BY number {(query.Last ? "DESC" : "ASC")} LIMIT $6
            """)
            .With(state.Seq).With(query.After).With(query.Before ?? long.MaxValue).With((short)(query.Stream ?? 0)).With(query.Attempt ?? -1).With((long)query.Limit))
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                byte[] text = reader.GetFieldValue<byte[]>(4);
                if (page.Count > 0 && bytes + text.Length > OutputQuery.MaxPageBytes)
                    break;
                page.Add(new(reader.GetInt64(0), reader.Time(1), reader.GetInt32(2), (OutputStream)reader.GetInt16(3), text.Length == 0 ? default : text.AsMemory(), reader.GetInt64(5)));
                bytes += text.Length;
            }
        }

        if (query.Last)
            page.Reverse();
        long next = page.Count > 0 ? page[^1].Seq : query.After;
        if (!HasEnded(state, query.Attempt))
            return new OutputPage(page, next, false);
        await using var more = connection.Command("""
            SELECT EXISTS (SELECT FROM output WHERE seq = $1 AND number > $2 AND ($3 = 0 OR stream = $3 OR stream = 4) AND ($4 = -1 OR attempt = $4))
            """).With(state.Seq).With(next).With((short)(query.Stream ?? 0)).With(query.Attempt ?? -1);
        return new OutputPage(page, next, !(bool)(await more.ExecuteScalarAsync(cancel))!);
    }, cancel);

    private static bool HasEnded(State state, int? attempt) =>
        state.Status.IsFinal() || (attempt is { } number && (number < state.Attempt || (number == state.Attempt && state.Status != JobStatus.Running)));

    private sealed record Append(long Seq, int Attempt, IReadOnlyList<OutputEntry> Entries, OutputTrim? Trim);
}
