using Drover.Catalog;
using Drover.Storage;

namespace Drover.StoreTests.Support;

/// <summary>Where a store keeps its things during one test. All that a store's own tests have to provide.</summary>
public abstract class StoreHome : IAsyncDisposable
{
    /// <summary>Opens the store. After the one opened before was closed this is a restart: everything durable is there.</summary>
    public abstract ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time);

    /// <summary>Removes everything.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A store that is open.</summary>
public sealed record OpenStore(IJobStore Jobs, ICatalog Catalog, IAuditLog Audit, Func<ValueTask> CloseAsync);
