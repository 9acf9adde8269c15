using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Migration;
using Drover.Postgres;
using Drover.Redis;
using Drover.Sqlite;
using Drover.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Cli.Verbs.Migrate;

/// <summary>A store that this process alone uses for the time of a migration.</summary>
internal sealed class MigrationEnd(StoreParts parts, Func<ValueTask<int>> otherNodes, IAsyncDisposable database) : IAsyncDisposable
{
    public StoreParts Parts { get; } = parts;

    /// <summary>Opens the store at an address: <c>sqlite:FOLDER</c>, <c>postgres://…</c> or <c>redis://…</c>.</summary>
    /// <param name="address">The address.</param>
    /// <param name="option">Which option gave it, for errors.</param>
    /// <param name="make">Whether an SQLite store may be made where there is none.</param>
    /// <exception cref="UsageException">There is no such store, or nodes run on it.</exception>
    public static async Task<MigrationEnd> OpenAsync(string address, string option, bool make)
    {
        try
        {
            var end = StoreAddress.Parse(address) switch
            {
                { Kind: StoreKind.Sqlite } => await SqliteAsync(address, option, make),
                { Kind: StoreKind.Postgres } postgres => await PostgresAsync(postgres),
                { Kind: StoreKind.Redis } redis => await RedisAsync(redis),
                _ => throw new UsageException($"{option}: '{address}' names no store. Give sqlite:FOLDER, postgres://USER@HOST/DATABASE or redis://HOST:PORT."),
            };
            if (await end.OthersAsync() is var others and > 0)
            {
                await end.DisposeAsync();
                throw new UsageException($"{option}: {others} node{(others == 1 ? " runs" : "s run")} on {end.Parts.Name}, or ran less than 30 seconds ago. Stop all of them first.");
            }

            return end;
        }
        catch (Exception refused) when (refused is StoreUnavailableException or DatabaseInUseException or SchemaTooNewException or RedisConfigurationException or ArgumentException)
        {
            throw new UsageException($"{option}: {refused.Message}");
        }
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private ValueTask<int> OthersAsync() => otherNodes();

    private static async Task<MigrationEnd> SqliteAsync(string address, string option, bool make)
    {
        string path = address["sqlite".Length..].TrimStart(':');
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path[2..];
        if (path.Length == 0)
            throw new UsageException($"{option}: name the data folder: sqlite:./drover-data");
        string folder = Path.GetFullPath(path);
        if (!make && !File.Exists(Path.Combine(folder, "drover.db")))
            throw new UsageException($"{option}: there is no store in {folder}.");
        var database = await SqliteDatabase.OpenAsync(new() { Directory = folder }, TimeProvider.System, NullLoggerFactory.Instance);
        return new(new("sqlite:" + folder, database.Jobs, database.Catalog, database.Audit), () => ValueTask.FromResult(0), database);
    }

    private static async Task<MigrationEnd> PostgresAsync(StoreAddress address)
    {
        var database = await PostgresDatabase.OpenAsync(new() { Url = address.Url }, TimeProvider.System, NullLoggerFactory.Instance);
        return new(new(address.ToString(), database.Jobs, database.Catalog, database.Audit), database.CountOtherNodesAsync, database);
    }

    private static async Task<MigrationEnd> RedisAsync(StoreAddress address)
    {
        var database = await RedisDatabase.OpenAsync(new() { ConnectionString = address.Url }, TimeProvider.System, NullLoggerFactory.Instance);
        return new(new(address.ToString(), database.Jobs, database.Catalog, database.Audit), database.CountOtherNodesAsync, database);
    }
}
