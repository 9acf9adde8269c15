using Drover.Catalog;
using Npgsql;
using NpgsqlTypes;

namespace Drover.Postgres.Catalog;

/// <summary>The audit log in PostgreSQL.</summary>
internal sealed class PostgresAuditLog(NpgsqlDataSource source) : IAuditLog
{
    public async ValueTask AppendAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancel = default) =>
        await Faults.AskAsync(source, writes: true, async connection =>
        {
            // The order of the ids is that of the events.
            await using var command = new NpgsqlCommand("""
                INSERT INTO audit (at, actor, origin, action, subject, detail)
                SELECT at, actor, origin, action, subject, detail
                FROM unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY AS e (at, actor, origin, action, subject, detail, n) ORDER BY n
                """, connection);
            command.Parameters.Add(new() { Value = events.Select(e => e.At.UtcTicks).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            Func<AuditEvent, string?>[] texts = [e => e.Actor, e => e.Origin, e => e.Action, e => e.Subject, e => e.Detail];
            foreach (var text in texts)
                command.Parameters.Add(new() { Value = events.Select(text).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            return await command.ExecuteNonQueryAsync(cancel);
        }, cancel);

    public async ValueTask<IReadOnlyList<AuditEvent>> ListAsync(long? before, int limit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 500);
        return await Faults.AskAsync(source, writes: false, async connection =>
        {
            await using var command = new NpgsqlCommand(
                "SELECT id, at, actor, origin, action, subject, detail FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2", connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before ?? long.MaxValue });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            var events = new List<AuditEvent>();
            while (await reader.ReadAsync(cancel))
            {
                events.Add(new(reader.GetInt64(0), new(reader.GetInt64(1), TimeSpan.Zero), reader.GetString(2), Text(3), reader.GetString(4), Text(5), Text(6)));
            }

            return events;

            string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
        }, cancel);
    }
}
