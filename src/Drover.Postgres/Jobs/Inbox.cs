using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>
/// What other people's transactions left. A round looks only at transactions that had not ended when the one before began: rows that were
/// taken off cannot be cleaned up while a transaction stays open somewhere, and reading over them would cost more with each.
/// </summary>
internal sealed class Inbox(Link link)
{
    private const int MostBytes = 8 << 20;

    private const string SnapshotSql = """
        SELECT pg_snapshot_xmax(s)::text::bigint, ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(s) x) FROM pg_current_snapshot() s
        """;

    private const string ReadSql = """
        SELECT xid, seq, content FROM (
          SELECT *, sum(octet_length(content)) OVER (ORDER BY xid, seq) - octet_length(content) AS before FROM (
            (SELECT xid, seq, content FROM inbox WHERE xid = ANY ($2) AND (xid, seq) > ($3, $4) AND fault IS NULL ORDER BY xid, seq LIMIT $5)
            UNION ALL (SELECT xid, seq, content FROM inbox WHERE xid >= $1 AND (xid, seq) > ($3, $4) AND fault IS NULL ORDER BY xid, seq LIMIT $5)
            ORDER BY xid, seq LIMIT $5) n) b
        WHERE before < $6 ORDER BY xid, seq
        """;

    private static readonly Snapshot Everything = new(0, []);
    private Snapshot _seen = Everything;
    private Snapshot? _round;
    private (long Transaction, long Number) _after;

    public Task<List<InboxRequest>> ReadAsync(int most, bool all, CancellationToken cancel) => link.ReadAsync(async connection =>
    {
        if (all || _round is null)
        {
            if (all)
                _seen = Everything;
            _after = default;
            _round = await SnapshotAsync(connection, cancel);
        }

        await using var command = connection.Command(ReadSql)
            .With(_seen.Next).With(_seen.Open).With(_after.Transaction).With(_after.Number).With((long)most).With((long)MostBytes);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<InboxRequest>();
        while (await reader.ReadAsync(cancel))
            found.Add(new(reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)));
        if (found.Count > 0)
            _after = (found[^1].Transaction, found[^1].Number);
        else
            (_seen, _round) = (_round, null);
        return found;
    }, cancel);

    public async Task TakeOffAsync(IReadOnlyList<InboxRequest> requests)
    {
        if (requests.Count == 0)
            return;
        await link.WriteAsync(async connection =>
        {
            await using var command = connection.Command("""
                DELETE FROM inbox WHERE ctid = ANY (ARRAY (SELECT c.tid FROM unnest($1, $2) AS t (xid, seq) CROSS JOIN LATERAL (
                  SELECT ctid AS tid FROM inbox i WHERE i.xid = t.xid AND i.seq = t.seq LIMIT 1 FOR UPDATE) c))
                """)
                .With(requests.Select(r => r.Transaction).ToArray()).With(requests.Select(r => r.Number).ToArray());
            return await command.ExecuteNonQueryAsync();
        });
    }

    public Task LayAsideAsync(InboxRequest request, string reason) => link.WriteAsync(async connection =>
    {
        await using var command = connection.Command("UPDATE inbox SET fault = $3 WHERE xid = $1 AND seq = $2")
            .With(request.Transaction).With(request.Number).With(Sql.Storable(reason)!);
        return await command.ExecuteNonQueryAsync();
    });

    private static async Task<Snapshot> SnapshotAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = connection.Command(SnapshotSql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return new(reader.GetInt64(0), reader.GetFieldValue<long[]>(1));
    }

    /// <param name="Next">Every transaction from this one on had not begun to write.</param>
    /// <param name="Open">Those before it that had not ended.</param>
    private sealed record Snapshot(long Next, long[] Open);
}
