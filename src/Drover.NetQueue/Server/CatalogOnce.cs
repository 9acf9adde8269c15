using Drover.Catalog;

namespace Drover.NetQueue.Server;

/// <summary>
/// Writes to the catalog that come a second time because the connection broke before the answer: what the first time
/// did is recognised by what stands there now.
/// </summary>
internal static class CatalogOnce
{
    public static async ValueTask<CatalogDocument> CreateAsync(ICatalog catalog, CatalogDocument document, bool again)
    {
        try
        {
            return await catalog.CreateAsync(document).ConfigureAwait(false);
        }
        catch (CatalogConflictException) when (again)
        {
            if (await FindAsync(catalog, document, version: 1).ConfigureAwait(false) is { } done)
                return done;
            throw;
        }
    }

    public static async ValueTask<CatalogDocument> UpdateAsync(ICatalog catalog, CatalogDocument document, bool again)
    {
        try
        {
            return await catalog.UpdateAsync(document).ConfigureAwait(false);
        }
        catch (CatalogConflictException) when (again)
        {
            if (await FindAsync(catalog, document, document.Version + 1).ConfigureAwait(false) is { } done)
                return done;
            throw;
        }
    }

    public static async ValueTask<bool> DeleteAsync(ICatalog catalog, (string Kind, string Id, long Version) key, bool again) =>
        await catalog.DeleteAsync(key.Kind, key.Id, key.Version).ConfigureAwait(false)
        || (again && await catalog.GetAsync(key.Kind, key.Id).ConfigureAwait(false) is null);

    private static async ValueTask<CatalogDocument?> FindAsync(ICatalog catalog, CatalogDocument written, long version) =>
        await catalog.GetAsync(written.Kind, written.Id).ConfigureAwait(false) is { } stored
            && stored.Version == version && stored.Name == written.Name && stored.Json.Span.SequenceEqual(written.Json.Span)
            ? stored : null;
}
