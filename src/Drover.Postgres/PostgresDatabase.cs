using System.Text.RegularExpressions;
using Drover.Catalog;
using Drover.Postgres.Catalog;
using Drover.Postgres.Engine;
using Drover.Postgres.Jobs;
using Drover.Postgres.Migrations;
using Drover.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Drover.Postgres;

/// <summary>A PostgreSQL database (13 or newer) that any number of nodes use at once.</summary>
public sealed partial class PostgresDatabase : IAsyncDisposable
{
    // What the job store sends is looked up by key, row by row: no other plan is ever better, and on tables that were empty
    // when a statement was prepared the planner would not know. Plans are made once.
    private const string KeyPlans =
        " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off -c jit=off -c plan_cache_mode=force_generic_plan";

    private readonly Stack<IAsyncDisposable> _parts;

    private readonly NodeSession _session;

    private PostgresDatabase(Stack<IAsyncDisposable> parts, IJobStore jobs, NodeSession session, NpgsqlDataSource source, TimeProvider time)
    {
        (_parts, Jobs, _session) = (parts, jobs, session);
        Catalog = new PostgresCatalog(source, session.Watches, time);
        Audit = new PostgresAuditLog(source);
    }

    /// <summary>The jobs; an <see cref="ISharedStore"/>.</summary>
    public IJobStore Jobs { get; }

    /// <summary>The slow-changing documents.</summary>
    public ICatalog Catalog { get; }

    /// <summary>Who changed what.</summary>
    public IAuditLog Audit { get; }

    /// <summary>Connects, and brings the schema up to date; nodes that start at the same moment wait for the first.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">The logs.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="SchemaTooNewException">The schema was written by a newer version.</exception>
    /// <exception cref="StoreUnavailableException">The database cannot be reached.</exception>
    public static async Task<PostgresDatabase> OpenAsync(PostgresOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancel = default)
    {
        // The name stands in statements, where no parameter can.
        if (!SchemaName().IsMatch(options.Schema))
            throw new ArgumentException($"'{options.Schema}' is no name for a schema: small letters, digits and '_', at most 63, no digit first.");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnections, 4, nameof(options));
        var parts = new Stack<IAsyncDisposable>();
        try
        {
            var reads = Own(Source(options, s =>
            {
                s.MaxPoolSize = Math.Max(2, options.MaxConnections / 2);
                s.NoResetOnClose = true;
            }));
            await Faults.AskAsync(reads, writes: false, c => Migrator.MigrateAsync(c, options.Schema, cancel), cancel);
            var writes = Own(Source(options, s =>
            {
                s.MaxPoolSize = Math.Max(2, options.MaxConnections / 2);
                s.Options += KeyPlans;
                s.MaxAutoPrepare = 60;
                s.AutoPrepareMinUsages = 2;
                s.NoResetOnClose = true;
            }));
            var sessions = Own(Source(options, s =>
            {
                s.Pooling = false;
                // Nothing is sent for seconds: a server that vanished is noticed by these.
                (s.TcpKeepAlive, s.TcpKeepAliveTime, s.TcpKeepAliveInterval) = (true, 3, 1);
                s.Options = "-c synchronous_commit=off";
            }));
            var clock = new SharedClock(time);
            var link = new Link(writes);
            var registry = new Registry(link);
            await registry.RefreshAsync(0, cancel);
            var session = Own(await NodeSession.StartAsync(sessions, link, clock, options.Schema, logs.CreateLogger<PostgresDatabase>(), lost: () =>
            {
                reads.Clear();
                writes.Clear();
            }));
            await session.AfterOutageAsync();
            var jobs = Own(new PostgresJobStore(link, new(reads), registry, clock, session, options.Queues, time));
            return new(parts, jobs, session, reads, time);
        }
        catch
        {
            await CloseAsync(parts);
            throw;
        }

        T Own<T>(T part)
            where T : IAsyncDisposable
        {
            parts.Push(part);
            return part;
        }
    }

    /// <summary>How many other nodes use this database, or did within the last 30 seconds without saying goodbye.</summary>
    /// <exception cref="StoreUnavailableException">The database cannot be reached.</exception>
    public ValueTask<int> CountOtherNodesAsync() => _session.CountOthersAsync();

    /// <summary>Takes the node off the list of those alive and closes every connection. A second call does nothing.</summary>
    public ValueTask DisposeAsync() => CloseAsync(_parts);

    private static async ValueTask CloseAsync(Stack<IAsyncDisposable> parts)
    {
        while (parts.TryPop(out var part))
            await part.DisposeAsync();
    }

    private static NpgsqlDataSource Source(PostgresOptions options, Action<NpgsqlConnectionStringBuilder> set)
    {
        var settings = PostgresUrl.Parse(options.Url);
        settings.SearchPath = options.Schema;
        settings.Options = "-c synchronous_commit=" + (options.Durability == Durability.Full ? "on" : "off");
        settings.ApplicationName ??= "drover";
        set(settings);
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        return builder.Build();
    }

    [GeneratedRegex(@"^[a-z_][a-z0-9_]{0,62}\z")]
    private static partial Regex SchemaName();
}
