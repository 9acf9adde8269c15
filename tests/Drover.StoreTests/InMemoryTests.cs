using Drover.Storage;
using Drover.StoreTests.Brokers;
using Drover.StoreTests.Catalog;
using Drover.StoreTests.Jobs;
using Drover.StoreTests.Model;
using Drover.StoreTests.Stores;
using Drover.StoreTests.Support;
using Drover.Testing;

namespace Drover.StoreTests;

public sealed class InMemoryHome : StoreHome
{
    private OpenStore? _store;

    /// <summary>Memory is all there is, so a restart finds the same object.</summary>
    public override ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time)
    {
        var catalog = new InMemoryCatalog(time);
        return new(_store ??= new(new InMemoryJobStore(time, options), catalog, catalog, () => ValueTask.CompletedTask));
    }

    public override ValueTask DisposeAsync() => _store?.Jobs.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class InMemoryStoreJobs : JobConformance
{
    protected override TestSystem NewSystem() => new StoreSystem(new InMemoryHome());
}

public sealed class InMemoryStore : StoreConformance
{
    protected override StoreHome NewHome() => new InMemoryHome();

    protected override bool KeepsMemoryOverARestart => true;
}

public sealed class InMemoryCatalogTests : CatalogConformance
{
    protected override StoreHome NewHome() => new InMemoryHome();
}

public sealed class InMemoryModel : ModelConformance
{
    protected override StoreHome NewHome() => new InMemoryHome();
}

public sealed class InMemoryBrokerJobs : JobConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new InMemoryHome());
}

public sealed class InMemoryBroker : BrokerConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new InMemoryHome());
}
