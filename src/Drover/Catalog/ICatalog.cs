namespace Drover.Catalog;

/// <summary>
/// The slow-changing things (servers, keys, settings, tokens): small JSON documents, each with a kind, an id and a name
/// that is unique within its kind (compared without regard to case). A write is durable when it answers.
/// </summary>
public interface ICatalog
{
    /// <summary>The document, or null.</summary>
    ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default);

    /// <summary>The document with this name, or null.</summary>
    ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default);

    /// <summary>Every document of a kind, by name.</summary>
    ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default);

    /// <summary>Adds a document; its version becomes 1.</summary>
    /// <exception cref="CatalogConflictException">The id or the name is taken.</exception>
    ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default);

    /// <summary>Replaces a document whose version is still the given one; the version rises by 1.</summary>
    /// <exception cref="CatalogConflictException">It was changed or deleted meanwhile, or the name is taken.</exception>
    ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default);

    /// <summary>Deletes a document whose version is still the given one; false when it is not there or was changed.</summary>
    ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default);

    /// <summary>
    /// Has an action called, soon and on any thread, after documents of a kind were changed by whoever, and whenever such news may
    /// have been lost. Null where the catalog cannot tell: then look again and again.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <param name="changed">What to call; it returns at once and throws nothing.</param>
    /// <returns>Ends it when disposed.</returns>
    IDisposable? Watch(string kind, Action changed) => null;
}

/// <summary>A document of the catalog.</summary>
/// <param name="Kind">What it is: <c>server</c>, <c>key</c>, <c>token</c>, <c>setting</c>.</param>
/// <param name="Id">Its id, unique within its kind.</param>
/// <param name="Name">Its name, unique within its kind.</param>
/// <param name="Version">Rises with every change; 0 before it is stored.</param>
/// <param name="Json">Its content, JSON text in UTF-8.</param>
/// <param name="UpdatedAt">When it was last changed; set by the catalog.</param>
public sealed record CatalogDocument(string Kind, string Id, string Name, long Version, ReadOnlyMemory<byte> Json, DateTimeOffset UpdatedAt = default);

/// <summary>Somebody else was faster, or a name is taken.</summary>
/// <param name="message">Which, for people.</param>
/// <param name="nameTaken">Whether the name is taken by another document.</param>
public sealed class CatalogConflictException(string message, bool nameTaken) : Exception(message)
{
    /// <summary>Whether the name is taken; else the version was stale.</summary>
    public bool NameTaken { get; } = nameTaken;
}
