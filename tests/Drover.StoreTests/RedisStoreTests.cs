using Drover.Redis;
using Drover.Storage;
using Drover.StoreTests.Brokers;
using Drover.StoreTests.Catalog;
using Drover.StoreTests.Jobs;
using Drover.StoreTests.Model;
using Drover.StoreTests.Redis;
using Drover.StoreTests.Stores;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(SharedRedis))]

namespace Drover.StoreTests;

public sealed class RedisStoreJobs : JobConformance
{
    protected override TestSystem NewSystem() => new StoreSystem(new RedisHome());
}

public sealed class RedisStore : StoreConformance
{
    protected override StoreHome NewHome() => new RedisHome();
}

public sealed class RedisCatalogTests : CatalogConformance
{
    protected override StoreHome NewHome() => new RedisHome();
}

public sealed class RedisModel : ModelConformance
{
    protected override StoreHome NewHome() => new RedisHome();
}

public sealed class RedisBrokerJobs : JobConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new RedisHome());
}

public sealed class RedisBroker : BrokerConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new RedisHome());
}

public sealed class RedisNodes : NodesConformance
{
    private readonly string _prefix = Guid.NewGuid().ToString("n");

    protected override async Task<(IJobStore Jobs, IAsyncDisposable Owner)> OpenAsync()
    {
        var node = await RedisDatabase.OpenAsync(
            new() { ConnectionString = (await SharedRedis.Current.ServerAsync()).Url, Prefix = _prefix }, TimeProvider.System, NullLoggerFactory.Instance);
        return (node.Jobs, node);
    }
}
