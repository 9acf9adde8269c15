using Drover.Sqlite;
using Drover.Storage;
using Drover.StoreTests.Brokers;
using Drover.StoreTests.Catalog;
using Drover.StoreTests.Jobs;
using Drover.StoreTests.Model;
using Drover.StoreTests.Stores;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests;

public sealed class SqliteHome(Durability durability) : StoreHome
{
    private readonly string _directory = Directory.CreateTempSubdirectory("drover-store-").FullName;

    public override async ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time)
    {
        var database = await SqliteDatabase.OpenAsync(
            new() { Directory = _directory, Durability = durability, Queues = options }, time, NullLoggerFactory.Instance);
        return new(database.Jobs, database.Catalog, database.Audit, database.DisposeAsync);
    }

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}

public sealed class SqliteStoreJobs : JobConformance
{
    protected override TestSystem NewSystem() => new StoreSystem(new SqliteHome(Durability.Full));
}

public sealed class SqliteStoreJobsNormal : JobConformance
{
    protected override TestSystem NewSystem() => new StoreSystem(new SqliteHome(Durability.Normal));
}

public sealed class SqliteStore : StoreConformance
{
    protected override StoreHome NewHome() => new SqliteHome(Durability.Full);
}

public sealed class SqliteCatalogTests : CatalogConformance
{
    protected override StoreHome NewHome() => new SqliteHome(Durability.Full);
}

public sealed class SqliteModel : ModelConformance
{
    protected override StoreHome NewHome() => new SqliteHome(Durability.Normal);
}

public sealed class SqliteBrokerJobs : JobConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new SqliteHome(Durability.Full));
}

public sealed class SqliteBroker : BrokerConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new SqliteHome(Durability.Full));
}
