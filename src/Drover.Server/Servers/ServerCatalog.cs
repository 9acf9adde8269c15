using System.Text.Json;
using Drover.Catalog;
using Drover.Server.Json;

namespace Drover.Server.Servers;

/// <summary>
/// The servers in the catalog. Submitting a job looks at a copy in memory that is at most two seconds old (and never
/// older than a change made here); leasing one reads the catalog itself.
/// </summary>
internal sealed class ServerCatalog(ICatalog catalog, TimeProvider time) : IDisposable
{
    private const string Kind = "server";
    private const string StatusKind = "server_status";
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _loading = new(1);
    private volatile ServerSet? _latest;

    /// <summary>Every server, from memory when that is recent.</summary>
    public ValueTask<ServerSet> AllAsync(CancellationToken cancel) =>
        _latest is { } set && time.GetElapsedTime(set.LoadedAt) < MaxAge ? new(set) : ReloadAsync(evenIfRecent: false, cancel);

    /// <summary>Every server, from the catalog itself: whoever was told of a change, also one made through another API, sees it.</summary>
    public ValueTask<ServerSet> ReadAllAsync(CancellationToken cancel) => ReloadAsync(evenIfRecent: true, cancel);

    /// <summary>The server with this id, from the catalog itself.</summary>
    public async ValueTask<ServerEntry?> GetAsync(string id, CancellationToken cancel) =>
        await catalog.GetAsync(Kind, id, cancel) is { } document ? Read(document) : null;

    /// <summary>The server with this id or name, from the catalog itself.</summary>
    public async ValueTask<ServerEntry?> FindAsync(string idOrName, CancellationToken cancel) =>
        (await catalog.GetAsync(Kind, idOrName, cancel) ?? await catalog.FindAsync(Kind, idOrName, cancel)) is { } document ? Read(document) : null;

    /// <exception cref="CatalogConflictException">The name is taken.</exception>
    public async ValueTask<ServerEntry> CreateAsync(string id, string name, ServerRecord record, CancellationToken cancel)
    {
        var document = await catalog.CreateAsync(new(Kind, id, name, 0, Bytes(record)), cancel);
        await ReloadAsync(evenIfRecent: true, cancel);
        return Read(document);
    }

    /// <exception cref="CatalogConflictException">It was changed meanwhile, or the name is taken.</exception>
    public async ValueTask<ServerEntry> UpdateAsync(ServerEntry entry, CancellationToken cancel)
    {
        var document = await catalog.UpdateAsync(new(Kind, entry.Id, entry.Name, entry.Version, Bytes(entry.Record)), cancel);
        await ReloadAsync(evenIfRecent: true, cancel);
        return Read(document);
    }

    /// <summary>False when it was changed meanwhile.</summary>
    public async ValueTask<bool> DeleteAsync(ServerEntry entry, CancellationToken cancel)
    {
        if (!await catalog.DeleteAsync(Kind, entry.Id, entry.Version, cancel))
            return false;
        if (await catalog.GetAsync(StatusKind, entry.Id, cancel) is { } status)
            await catalog.DeleteAsync(StatusKind, entry.Id, status.Version, cancel);
        await ReloadAsync(evenIfRecent: true, cancel);
        return true;
    }

    public async ValueTask<StatusRecord?> StatusAsync(string id, CancellationToken cancel) =>
        await catalog.GetAsync(StatusKind, id, cancel) is { } document ? ReadStatus(document) : null;

    public async ValueTask<IReadOnlyDictionary<string, StatusRecord>> StatusesAsync(CancellationToken cancel) =>
        (await catalog.ListAsync(StatusKind, cancel)).ToDictionary(d => d.Id, ReadStatus, StringComparer.Ordinal);

    /// <summary>Keeps what a look at a server found; the latest wins.</summary>
    public async ValueTask SetStatusAsync(string id, StatusRecord status, CancellationToken cancel)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(status, CatalogJson.Default.StatusRecord);
        for (int tries = 0; tries < 10; tries++)
        {
            try
            {
                if (await catalog.GetAsync(StatusKind, id, cancel) is { } document)
                    await catalog.UpdateAsync(document with { Json = json }, cancel);
                else
                    await catalog.CreateAsync(new(StatusKind, id, id, 0, json), cancel);
                return;
            }
            catch (CatalogConflictException)
            {
                // Another look at the same server was written in between.
            }
        }
    }

    public void Dispose() => _loading.Dispose();

    private async ValueTask<ServerSet> ReloadAsync(bool evenIfRecent, CancellationToken cancel)
    {
        await _loading.WaitAsync(cancel);
        try
        {
            if (!evenIfRecent && _latest is { } set && time.GetElapsedTime(set.LoadedAt) < MaxAge)
                return set;
            long loadedAt = time.GetTimestamp();
            var documents = await catalog.ListAsync(Kind, cancel);
            return _latest = new([.. documents.Select(Read)], loadedAt);
        }
        finally
        {
            _loading.Release();
        }
    }

    private static ServerEntry Read(CatalogDocument document) => new(
        document.Id, document.Name, document.Version, JsonSerializer.Deserialize(document.Json.Span, CatalogJson.Default.ServerRecord)!, document.UpdatedAt);

    private static StatusRecord ReadStatus(CatalogDocument document) => JsonSerializer.Deserialize(document.Json.Span, CatalogJson.Default.StatusRecord)!;

    private static byte[] Bytes(ServerRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, CatalogJson.Default.ServerRecord);
}

/// <summary>Every server at one moment, by name.</summary>
internal sealed class ServerSet(IReadOnlyList<ServerEntry> all, long loadedAt)
{
    private readonly Dictionary<string, ServerEntry> _byId = all.ToDictionary(s => s.Id, StringComparer.Ordinal);
    private readonly Dictionary<string, ServerEntry> _byName = all.ToDictionary(s => s.Name, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<ServerEntry> All => all;

    public long LoadedAt => loadedAt;

    /// <summary>The server with this id or name.</summary>
    public ServerEntry? Find(string idOrName) => _byId.GetValueOrDefault(idOrName) ?? _byName.GetValueOrDefault(idOrName);
}
