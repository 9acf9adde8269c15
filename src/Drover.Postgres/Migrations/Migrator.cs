using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Migrations;

/// <summary>Brings a schema up to what this program knows: one embedded script for each version, all in one transaction.</summary>
internal static class Migrator
{
    /// <summary>Runs the scripts that the schema has not seen, while other nodes that start wait.</summary>
    /// <exception cref="SchemaTooNewException">The schema was written by a newer version.</exception>
    public static async Task<int> MigrateAsync(NpgsqlConnection connection, string schema, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using (var wait = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('drover migration of ' || $1, 0))", connection))
        {
            wait.Parameters.Add(new NpgsqlParameter<string> { TypedValue = schema });
            await wait.ExecuteNonQueryAsync(cancel);
        }

        // Asked first: CREATE SCHEMA wants a right that an account of a schema that is there need not have.
        if (await ReadAsync($"SELECT count(*)::int FROM pg_namespace WHERE nspname = '{schema}'") == 0)
            await RunAsync($"CREATE SCHEMA {schema}");
        if (await ReadAsync($"SELECT count(*)::int FROM pg_tables WHERE schemaname = '{schema}' AND tablename = 'schema_version'") == 0)
            await RunAsync("CREATE TABLE schema_version (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())");
        int version = await ReadAsync("SELECT coalesce(max(version), 0) FROM schema_version");
        var scripts = Scripts();
        if (version > scripts.Count)
            throw new SchemaTooNewException($"The database's schema '{schema}'", version, scripts.Count);
        for (int next = version + 1; next <= scripts.Count; next++)
        {
            await RunAsync(Read(scripts[next - 1]));
            await RunAsync($"INSERT INTO schema_version (version) VALUES ({next})");
        }

        await transaction.CommitAsync(cancel);
        return scripts.Count;

        async Task<int> ReadAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return (int)(await command.ExecuteScalarAsync(cancel))!;
        }

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    private static List<string> Scripts() =>
        [.. typeof(Migrator).Assembly.GetManifestResourceNames().Where(r => r.StartsWith("schema.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string Read(string resource)
    {
        using var reader = new StreamReader(typeof(Migrator).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
