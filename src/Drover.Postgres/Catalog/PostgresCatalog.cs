using System.Globalization;
using Drover.Catalog;
using Drover.Postgres.Engine;
using Npgsql;

namespace Drover.Postgres.Catalog;

/// <summary>The catalog in PostgreSQL: the unique constraints decide between nodes that write at the same moment.</summary>
internal sealed class PostgresCatalog(NpgsqlDataSource source, Watches watches, TimeProvider time) : ICatalog
{
    private const string Columns = "SELECT kind, id, name, version, json, updated_at FROM documents ";

    public async ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default) =>
        (await ReadAsync(Columns + "WHERE kind = $1 AND id = $2", [kind, id], cancel)).SingleOrDefault();

    public async ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default) =>
        (await ReadAsync(Columns + "WHERE kind = $1 AND folded_name = $2", [kind, Fold(name)], cancel)).SingleOrDefault();

    public async ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default) =>
        await ReadAsync(Columns + "WHERE kind = $1 ORDER BY folded_name", [kind], cancel);

    public async ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default)
    {
        var stored = document with { Version = 1, Json = document.Json.ToArray(), UpdatedAt = time.GetUtcNow() };
        try
        {
            await WriteAsync("INSERT INTO documents (kind, id, name, folded_name, version, json, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", stored, cancel);
            return stored;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw e.ConstraintName == "documents_name" ? NameTaken(document)
                : new CatalogConflictException($"There is already a {document.Kind} with the id '{document.Id}'.", nameTaken: false);
        }
    }

    public async ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default)
    {
        var stored = document with { Version = document.Version + 1, Json = document.Json.ToArray(), UpdatedAt = time.GetUtcNow() };
        try
        {
            const string Update = """
                UPDATE documents SET name = $3, folded_name = $4, version = $5, json = $6, updated_at = $7 WHERE kind = $1 AND id = $2 AND version = $5 - 1
                """;
            if (await WriteAsync(Update, stored, cancel) == 1)
                return stored;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw NameTaken(document);
        }

        throw new CatalogConflictException($"The {document.Kind} '{document.Name}' was changed or deleted meanwhile.", nameTaken: false);
    }

    public async ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default) =>
        await Faults.AskAsync(source, writes: true, async connection =>
        {
            await using var command = new NpgsqlCommand("DELETE FROM documents WHERE kind = $1 AND id = $2 AND version = $3", connection);
            Add(command, kind);
            Add(command, id);
            Add(command, version);
            return await command.ExecuteNonQueryAsync(cancel) == 1;
        }, cancel);

    public IDisposable? Watch(string kind, Action changed) => watches.Add(kind, changed);

    private Task<List<CatalogDocument>> ReadAsync(string sql, string[] arguments, CancellationToken cancel) =>
        Faults.AskAsync(source, writes: false, async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (string argument in arguments)
                Add(command, argument);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            var documents = new List<CatalogDocument>();
            while (await reader.ReadAsync(cancel))
            {
                documents.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3),
                    reader.GetFieldValue<byte[]>(4), new(reader.GetInt64(5), TimeSpan.Zero)));
            }

            return documents;
        }, cancel);

    private Task<int> WriteAsync(string sql, CatalogDocument document, CancellationToken cancel) =>
        Faults.AskAsync(source, writes: true, async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            Add(command, document.Kind);
            Add(command, document.Id);
            Add(command, document.Name);
            Add(command, Fold(document.Name));
            Add(command, document.Version);
            Add(command, document.Json.ToArray());
            Add(command, document.UpdatedAt.UtcTicks);
            return await command.ExecuteNonQueryAsync(cancel);
        }, cancel);

    private static void Add<T>(NpgsqlCommand command, T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    private static string Fold(string name) => name.ToUpper(CultureInfo.InvariantCulture);

    private static CatalogConflictException NameTaken(CatalogDocument document) =>
        new($"There is already a {document.Kind} with the name '{document.Name}'.", nameTaken: true);
}
