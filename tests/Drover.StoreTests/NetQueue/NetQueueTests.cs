using Drover.Sqlite;
using Drover.StoreTests.Brokers;
using Drover.StoreTests.Catalog;
using Drover.StoreTests.Jobs;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.NetQueue;

public sealed class NetQueueJobs : JobConformance
{
    protected override TestSystem NewSystem() => new NetQueueSystem(new InMemoryHome());
}

/// <summary>The whole suite once more on what users have: SQLite behind a socket.</summary>
public sealed class NetQueueSqliteJobs : JobConformance
{
    protected override TestSystem NewSystem() => new NetQueueSystem(new SqliteHome(Durability.Full));
}

public sealed class NetQueueCatalogs : CatalogConformance
{
    protected override StoreHome NewHome() => new NetQueueHome(new InMemoryHome());
}

public sealed class NetQueueSqliteCatalogs : CatalogConformance
{
    protected override StoreHome NewHome() => new NetQueueHome(new SqliteHome(Durability.Full));
}

public sealed class NetQueueBrokers : BrokerConformance
{
    protected override TestSystem NewSystem() => new NetQueueSystem(new InMemoryHome());
}
