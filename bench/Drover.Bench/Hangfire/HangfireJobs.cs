using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.Redis.StackExchange;

namespace Drover.Bench.Hangfire;

/// <summary>Hangfire on one of its storages, as its documentation sets it up.</summary>
internal sealed class HangfireJobs(JobStorage storage) : IBackgroundJobs
{
    private readonly BackgroundJobClient _client = new(storage);
    private BackgroundJobServer? _server;

    public static HangfireJobs InMemory() => new(new InMemoryStorage());

    /// <param name="connection">Npgsql's connection string.</param>
    public static HangfireJobs Postgres(string connection) =>
        new(new PostgreSqlStorage(new NpgsqlConnectionFactory(connection, new PostgreSqlStorageOptions()), new PostgreSqlStorageOptions()));

    public static HangfireJobs Redis(string endpoint) => new(new RedisStorage(endpoint));

    public ValueTask StartAsync()
    {
        _server = new(new BackgroundJobServerOptions { WorkerCount = 50 }, storage);
        return ValueTask.CompletedTask;
    }

    // It has no other call.
    public ValueTask EnqueueAsync(string payload)
    {
        _client.Enqueue(() => Counted.Run(payload));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _server?.Dispose();
        (storage as IDisposable)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
