using System.Text;
using System.Text.Json;
using Drover.Catalog;
using Drover.Server.Json;
using Drover.Server.Secrets;

namespace Drover.Server.Keys;

/// <summary>An uploaded private key as it stands in the catalog; the key and its passphrase are sealed.</summary>
internal sealed record KeyRecord
{
    public required string PrivateKey { get; init; }

    public string? Passphrase { get; init; }

    public string? Type { get; init; }

    public int? Bits { get; init; }

    public string? Fingerprint { get; init; }

    public bool Encrypted { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A key with its place in the catalog; its name is its file name.</summary>
internal sealed record KeyEntry(string Id, string Name, long Version, KeyRecord Record);

/// <summary>The uploaded private keys.</summary>
internal sealed class KeyCatalog(ICatalog catalog, KeyRing ring)
{
    private const string Kind = "key";

    public async ValueTask<KeyEntry?> GetAsync(string id, CancellationToken cancel) =>
        await catalog.GetAsync(Kind, id, cancel) is { } document ? Read(document) : null;

    public async ValueTask<KeyEntry?> FindAsync(string filename, CancellationToken cancel) =>
        await catalog.FindAsync(Kind, filename, cancel) is { } document ? Read(document) : null;

    public async ValueTask<IReadOnlyList<KeyEntry>> ListAsync(CancellationToken cancel) =>
        [.. (await catalog.ListAsync(Kind, cancel)).Select(Read)];

    /// <exception cref="CatalogConflictException">The name is taken.</exception>
    public async ValueTask<KeyEntry> CreateAsync(string id, string filename, KeyRecord record, CancellationToken cancel) =>
        Read(await catalog.CreateAsync(new(Kind, id, filename, 0, Bytes(record)), cancel));

    public async ValueTask UpdateAsync(KeyEntry entry, CancellationToken cancel) =>
        await catalog.UpdateAsync(new(Kind, entry.Id, entry.Name, entry.Version, Bytes(entry.Record)), cancel);

    public ValueTask<bool> DeleteAsync(KeyEntry entry, CancellationToken cancel) => catalog.DeleteAsync(Kind, entry.Id, entry.Version, cancel);

    public string Seal(string id, ReadOnlySpan<byte> key) => ring.Seal(Owner(id, "private_key"), key);

    public string SealPassphrase(string id, string passphrase) => ring.Seal(Owner(id, "passphrase"), passphrase);

    public byte[] Open(KeyEntry entry) => ring.Open(Owner(entry.Id, "private_key"), entry.Record.PrivateKey);

    public string? OpenPassphrase(KeyEntry entry) =>
        entry.Record.Passphrase is { } box ? Encoding.UTF8.GetString(ring.Open(Owner(entry.Id, "passphrase"), box)) : null;

    private static string Owner(string id, string field) => $"key:{id}:{field}";

    private static KeyEntry Read(CatalogDocument document) =>
        new(document.Id, document.Name, document.Version, JsonSerializer.Deserialize(document.Json.Span, CatalogJson.Default.KeyRecord)!);

    private static byte[] Bytes(KeyRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, CatalogJson.Default.KeyRecord);
}
