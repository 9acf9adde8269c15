using System.Text.RegularExpressions;
using Drover.Catalog;
using Drover.Postgres.Catalog;
using Drover.Postgres.Migrations;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres;

/// <summary>A PostgreSQL database (13 or newer) that any number of nodes use at once.</summary>
public sealed partial class PostgresDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private PostgresDatabase(NpgsqlDataSource source, TimeProvider time)
    {
        _source = source;
        Catalog = new PostgresCatalog(source, time);
        Audit = new PostgresAuditLog(source);
    }

    /// <summary>The slow-changing documents.</summary>
    public ICatalog Catalog { get; }

    /// <summary>Who changed what.</summary>
    public IAuditLog Audit { get; }

    /// <summary>Connects, and brings the schema up to date; nodes that start at the same moment wait for the first.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="SchemaTooNewException">The schema was written by a newer version.</exception>
    /// <exception cref="StoreUnavailableException">The database cannot be reached.</exception>
    public static async Task<PostgresDatabase> OpenAsync(PostgresOptions options, TimeProvider time, CancellationToken cancel = default)
    {
        // The name stands in statements, where no parameter can.
        if (!SchemaName().IsMatch(options.Schema))
            throw new ArgumentException($"'{options.Schema}' is no name for a schema: small letters, digits and '_', at most 63, no digit first.");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnections, 1, nameof(options));
        var settings = PostgresUrl.Parse(options.Url);
        settings.SearchPath = options.Schema;
        settings.MaxPoolSize = options.MaxConnections;
        settings.Options = "-c synchronous_commit=" + (options.Durability == Durability.Full ? "on" : "off");
        settings.ApplicationName ??= "drover";
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        var source = builder.Build();
        try
        {
            await Faults.AskAsync(source, writes: false, c => Migrator.MigrateAsync(c, options.Schema, cancel), cancel);
            return new(source, time);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes every connection.</summary>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [GeneratedRegex(@"^[a-z_][a-z0-9_]{0,62}\z")]
    private static partial Regex SchemaName();
}
