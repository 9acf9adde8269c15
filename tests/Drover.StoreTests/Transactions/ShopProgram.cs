using Drover.Brokers;
using Drover.Hosting;
using Drover.StoreTests.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Drover.StoreTests.Transactions;

/// <summary>A program with handlers, whose own tables and Drover's are in one PostgreSQL.</summary>
internal sealed class ShopProgram : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _disposed;

    private ShopProgram(IHost host, Notes notes) => (_host, Notes) = (host, notes);

    public Notes Notes { get; }

    public IJobClient Jobs => _host.Services.GetRequiredService<IJobClient>();

    public IBroker Broker => _host.Services.GetRequiredService<IBroker>();

    public IServiceProvider Services => _host.Services;

    public static async Task<ShopProgram> StartAsync(PostgresServer server, string schema, Action<IServiceCollection>? more = null, Notes? notes = null)
    {
        notes ??= new();
        string url = await server.UrlAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDrover(drover =>
        {
            drover.UsePostgres(new Drover.Postgres.PostgresOptions { Url = url, Schema = schema });
            notes.Handle(drover);
        });
        more?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new(host, notes);
    }

    /// <summary>How many requests wait in the inbox.</summary>
    public static async Task<long> WaitingAsync(NpgsqlConnection connection, string schema)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {schema}.inbox WHERE fault IS NULL", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _host.StopAsync();
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
    }
}
