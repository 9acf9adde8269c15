using Drover.Catalog;
using Drover.Cli.Configuration;
using Drover.Migration;
using Drover.Postgres;
using Drover.Redis;
using Drover.Sqlite;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>The store of a process that has one: where the jobs are, and where the catalog is, which may be another place.</summary>
internal sealed class NodeStore : IAsyncDisposable
{
    private readonly IReadOnlyList<IAsyncDisposable> _databases;

    private NodeStore(IJobStore jobs, ICatalog catalog, IAuditLog audit, params IReadOnlyList<IAsyncDisposable> databases) =>
        (Jobs, Catalog, Audit, _databases) = (jobs, catalog, audit, databases);

    public IJobStore Jobs { get; }

    public ICatalog Catalog { get; }

    public IAuditLog Audit { get; }

    /// <summary>Opens the store that the settings name; waits for a server that is away: processes are started in any order.</summary>
    /// <exception cref="SettingException">The server is not fit to keep jobs, or its address cannot be used.</exception>
    /// <exception cref="DatabaseInUseException">Another process owns the file.</exception>
    /// <exception cref="SchemaTooNewException">A newer version wrote the data.</exception>
    public static async Task<NodeStore> OpenAsync(DroverConfig config, ILoggerFactory logs, CancellationToken stop)
    {
        var jobs = await ReachAsync(config.JobsAddress, config, logs, stop);
        if (config.CatalogAddress == config.JobsAddress)
            return jobs;
        try
        {
            var catalog = await ReachAsync(config.CatalogAddress, config, logs, stop);
            return new(jobs.Jobs, catalog.Catalog, catalog.Audit, catalog, jobs);
        }
        catch
        {
            await jobs.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases)
            await database.DisposeAsync();
    }

    private static async Task<NodeStore> ReachAsync(StoreAddress address, DroverConfig config, ILoggerFactory logs, CancellationToken stop)
    {
        try
        {
            return address.IsShared
                ? await Patience.UntilThereAsync(address.ToString(), () => OpenAsync(address, config, logs), logs.CreateLogger<NodeStore>(), stop)
                : await OpenAsync(address, config, logs);
        }
        catch (RedisConfigurationException unfit)
        {
            throw new SettingException($"{address} cannot keep the jobs: {unfit.Message}");
        }
        catch (ArgumentException wrong) when (address.Kind == StoreKind.Postgres)
        {
            throw new SettingException($"DATABASE_URL: {wrong.Message}");
        }
    }

    private static async Task<NodeStore> OpenAsync(StoreAddress address, DroverConfig config, ILoggerFactory logs)
    {
        var store = await ConnectAsync(address, config, logs);
        try
        {
            return await StoreMigration.IsUnfinishedAsync(store.Catalog)
                ? throw new SettingException($"{address} is the target of a migration that has not ended. Let the same 'drover migrate' end first.")
                : store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static async Task<NodeStore> ConnectAsync(StoreAddress address, DroverConfig config, ILoggerFactory logs)
    {
        switch (address.Kind)
        {
            case StoreKind.Redis:
                var redis = await RedisDatabase.OpenAsync(new() { ConnectionString = address.Url, Queues = config.Store.Queues }, TimeProvider.System, logs);
                return new(redis.Jobs, redis.Catalog, redis.Audit, redis);
            case StoreKind.Postgres:
                var postgres = await PostgresDatabase.OpenAsync(config.Postgres(address.Url), TimeProvider.System, logs);
                return new(postgres.Jobs, postgres.Catalog, postgres.Audit, postgres);
            default:
                var sqlite = await SqliteDatabase.OpenAsync(config.Store, TimeProvider.System, logs);
                return new(sqlite.Jobs, sqlite.Catalog, sqlite.Audit, sqlite);
        }
    }
}
