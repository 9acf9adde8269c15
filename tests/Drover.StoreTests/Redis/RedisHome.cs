using Drover.Redis;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Redis;

/// <summary>One server for all tests of the run; each test has a prefix of its own.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    public static SharedRedis Current { get; private set; } = null!;

    internal RedisServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await RedisServer.StartAsync();
        Current = this;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class RedisHome : StoreHome
{
    private readonly string _prefix = Guid.NewGuid().ToString("n");

    public override async ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time)
    {
        var database = await RedisDatabase.OpenAsync(
            new() { ConnectionString = SharedRedis.Current.Server.Url, Prefix = _prefix, Queues = options }, time, NullLoggerFactory.Instance);
        return new(database.Jobs, database.Catalog, database.Audit, database.DisposeAsync);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
