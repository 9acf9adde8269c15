using Drover.Redis;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Redis;

/// <summary>One server for all tests of the run; each test has a prefix of its own.</summary>
public sealed class SharedRedis : IAsyncDisposable
{
    // Started when the first test asks: some tests start this very program again to have somebody to kill.
    private readonly Lazy<Task<RedisServer>> _server = new(() => RedisServer.StartAsync());

    public SharedRedis() => Current = this;

    public static SharedRedis Current { get; private set; } = null!;

    internal Task<RedisServer> ServerAsync() => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
            await (await _server.Value).DisposeAsync();
    }
}

public sealed class RedisHome : StoreHome
{
    private readonly string _prefix = Guid.NewGuid().ToString("n");

    public override async ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time)
    {
        var database = await RedisDatabase.OpenAsync(
            new() { ConnectionString = (await SharedRedis.Current.ServerAsync()).Url, Prefix = _prefix, Queues = options }, time, NullLoggerFactory.Instance);
        return new(database.Jobs, database.Catalog, database.Audit, database.DisposeAsync);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
