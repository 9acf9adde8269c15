using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Catalog;
using Drover.Redis.Engine;
using StackExchange.Redis;

namespace Drover.Redis.Catalog;

/// <summary>The catalog as one hash for each kind, and the audit log as one list, whose places are the events' ids.</summary>
internal sealed class RedisCatalog(Link link, TimeProvider time) : ICatalog, IAuditLog
{
    private static readonly string Script = Link.Script("catalog");

    public async ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default)
    {
        var value = await link.CallAsync(db => db.HashGetAsync(link.Key("c:" + kind), id), cancel);
        return value.IsNull ? null : Read(kind, id, value);
    }

    public async ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default)
    {
        var id = await link.CallAsync(db => db.HashGetAsync(link.Key("cn:" + kind), Fold(name)), cancel);
        var found = id.IsNull ? null : await GetAsync(kind, id!, cancel);
        // Renamed in between: the name is nobody's.
        return found is not null && Fold(found.Name) == Fold(name) ? found : null;
    }

    public async ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default)
    {
        var all = await link.CallAsync(db => db.HashGetAllAsync(link.Key("c:" + kind)), cancel);
        return [.. all.Select(entry => Read(kind, entry.Name!, entry.Value)).OrderBy(d => d.Name, StringComparer.OrdinalIgnoreCase)];
    }

    public async ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default)
    {
        var stored = document with { Version = 1, Json = document.Json.ToArray(), UpdatedAt = time.GetUtcNow() };
        return await WriteAsync("create", stored, 0, cancel) switch
        {
            "id" => throw new CatalogConflictException($"There is a {document.Kind} with the id '{document.Id}' already.", nameTaken: false),
            "name" => throw NameTaken(document),
            _ => stored,
        };
    }

    public async ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default)
    {
        var stored = document with { Version = document.Version + 1, Json = document.Json.ToArray(), UpdatedAt = time.GetUtcNow() };
        return await WriteAsync("update", stored, document.Version, cancel) switch
        {
            "stale" => throw new CatalogConflictException($"The {document.Kind} '{document.Name}' was changed or deleted meanwhile.", nameTaken: false),
            "name" => throw NameTaken(document),
            _ => stored,
        };
    }

    public async ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default) =>
        (string?)await link.RunAsync(Script, ["delete", kind, id, version, "", ""], cancel) == "done";

    public async ValueTask AppendAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancel = default)
    {
        RedisValue[] values = [.. events.Select(e => (RedisValue)JsonSerializer.SerializeToUtf8Bytes(e with { Id = 0 }, AuditJson.Default.AuditEvent))];
        if (values.Length > 0)
            await link.CallAsync(db => db.ListRightPushAsync(link.Key("audit"), values), cancel);
    }

    public async ValueTask<IReadOnlyList<AuditEvent>> ListAsync(long? before, int limit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 500);
        long length = await link.CallAsync(db => db.ListLengthAsync(link.Key("audit")), cancel);
        long end = Math.Min(before - 1 ?? length, length);
        if (end <= 0)
            return [];
        long start = Math.Max(0, end - limit);
        var values = await link.CallAsync(db => db.ListRangeAsync(link.Key("audit"), start, end - 1), cancel);
        return [.. values.Select((value, n) => JsonSerializer.Deserialize((byte[])value!, AuditJson.Default.AuditEvent)! with { Id = start + n + 1 }).Reverse()];
    }

    private async ValueTask<string?> WriteAsync(string what, CatalogDocument document, long version, CancellationToken cancel)
    {
        byte[] name = Encoding.UTF8.GetBytes(document.Name);
        byte[] head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{document.Version}|{document.UpdatedAt.UtcTicks}|{name.Length}|"));
        byte[] value = [.. head, .. name, .. document.Json.Span];
        return (string?)await link.RunAsync(Script, [what, document.Kind, document.Id, version, Fold(document.Name), value], cancel);
    }

    private static CatalogDocument Read(string kind, string id, byte[]? value)
    {
        var rest = value.AsSpan();
        long version = Number(ref rest), ticks = Number(ref rest);
        int length = (int)Number(ref rest);
        return new(kind, id, Encoding.UTF8.GetString(rest[..length]), version, rest[length..].ToArray(), new(ticks, TimeSpan.Zero));
    }

    private static long Number(ref Span<byte> rest)
    {
        int bar = rest.IndexOf((byte)'|');
        long number = long.Parse(rest[..bar], CultureInfo.InvariantCulture);
        rest = rest[(bar + 1)..];
        return number;
    }

    private static string Fold(string name) => name.ToUpperInvariant();

    private static CatalogConflictException NameTaken(CatalogDocument document) =>
        new($"There is another {document.Kind} named '{document.Name}'.", nameTaken: true);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(AuditEvent))]
internal sealed partial class AuditJson : JsonSerializerContext;
