using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Drover.Catalog;
using Drover.Server.Json;

namespace Drover.Server.Auth;

/// <summary>A browser that signed in.</summary>
/// <param name="Actor">As whom.</param>
/// <param name="ExpiresAt">When it ends unless it is used.</param>
/// <param name="CsrfToken">What it must send along with changes.</param>
internal sealed record Session(string Actor, DateTimeOffset ExpiresAt, string CsrfToken);

/// <summary>What is stored of a session, under the digest of its cookie.</summary>
internal sealed record SessionRecord(string Actor, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>
/// Sessions of browsers. They live in the catalog, so that a restart signs nobody out and every node knows them, and
/// for some seconds in memory, so that a click costs no look-up.
/// </summary>
internal sealed class Sessions(ICatalog catalog, ServerOptions options, TimeProvider time)
{
    private const string Kind = "session";
    private const int MaxCached = 10_000;
    private static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (Session? Session, long At)> _cache = new(StringComparer.Ordinal);

    /// <summary>Opens a session; answers the cookie's value.</summary>
    public async ValueTask<(string Cookie, Session Session)> OpenAsync(string actor, CancellationToken cancel)
    {
        await ForgetOldAsync(cancel);
        string cookie = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow();
        var record = new SessionRecord(actor, now, now + options.SessionLifetime);
        string id = Secret.Digest(cookie);
        await catalog.CreateAsync(new(Kind, id, id, 0, Bytes(record)), cancel);
        return (cookie, Describe(record, cookie));
    }

    /// <summary>The session of a cookie; null when it has ended.</summary>
    public async ValueTask<Session?> FindAsync(string cookie, CancellationToken cancel)
    {
        if (cookie.Length is 0 or > 256)
            return null;
        string id = Secret.Digest(cookie);
        if (_cache.TryGetValue(id, out var cached) && time.GetElapsedTime(cached.At) < CacheTime)
            return cached.Session is { } known && known.ExpiresAt > time.GetUtcNow() ? known : null;

        var session = await LoadAsync(id, cookie, cancel);
        if (_cache.Count >= MaxCached)
            _cache.Clear();
        _cache[id] = (session, time.GetTimestamp());
        return session;
    }

    /// <summary>Ends a session.</summary>
    public async ValueTask CloseAsync(string cookie, CancellationToken cancel)
    {
        string id = Secret.Digest(cookie);
        if (await catalog.GetAsync(Kind, id, cancel) is { } document)
            await catalog.DeleteAsync(Kind, id, document.Version, cancel);
        _cache[id] = (null, time.GetTimestamp());
    }

    private async ValueTask<Session?> LoadAsync(string id, string cookie, CancellationToken cancel)
    {
        if (await catalog.GetAsync(Kind, id, cancel) is not { } document)
            return null;
        var record = Read(document);
        var now = time.GetUtcNow();
        if (record.ExpiresAt <= now)
            return null;
        // Used sessions are prolonged, at most once in a twentieth of their life.
        if (record.ExpiresAt - now < options.SessionLifetime * 0.95)
        {
            record = record with { ExpiresAt = now + options.SessionLifetime };
            try
            {
                await catalog.UpdateAsync(document with { Json = Bytes(record) }, cancel);
            }
            catch (CatalogConflictException)
            {
                // Another call prolonged or ended it; the next look tells.
            }
        }

        return Describe(record, cookie);
    }

    private async ValueTask ForgetOldAsync(CancellationToken cancel)
    {
        foreach (var document in await catalog.ListAsync(Kind, cancel))
        {
            if (Read(document).ExpiresAt <= time.GetUtcNow())
                await catalog.DeleteAsync(Kind, document.Id, document.Version, cancel);
        }
    }

    private static Session Describe(SessionRecord record, string cookie) =>
        new(record.Actor, record.ExpiresAt, Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes("csrf:" + cookie))));

    private static byte[] Bytes(SessionRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, CatalogJson.Default.SessionRecord);

    private static SessionRecord Read(CatalogDocument document) => JsonSerializer.Deserialize(document.Json.Span, CatalogJson.Default.SessionRecord)!;
}
