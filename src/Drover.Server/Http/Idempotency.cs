using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Drover.Catalog;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Storage;

namespace Drover.Server.Http;

/// <summary>
/// <c>Idempotency-Key</c> for things that live in the catalog: the key is reserved with the new thing's id before it is
/// created, so a call that was cut off anywhere can be sent again and creates it at most once. Jobs have their own in the store.
/// </summary>
internal sealed class Idempotency(ICatalog catalog, TimeProvider time)
{
    public const string HeaderName = "Idempotency-Key";
    private const string Kind = "idempotency";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>The call's key; null when it has none.</summary>
    public static string? KeyOf(HttpContext context)
    {
        var values = context.Request.Headers[HeaderName];
        if (values.Count == 0)
            return null;
        string key = values.ToString();
        if (values.Count > 1 || key.Length is 0 or > 200 || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw Errors.Of(HeaderName, "Must be 1 to 200 visible ASCII characters, given once.");
        return key;
    }

    /// <summary>A digest that tells requests apart.</summary>
    public static string Fingerprint(string path, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(path));
        hash.AppendData([0]);
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Reserves a key; answers the id that the new thing is to have, and the first answer when there was one.</summary>
    /// <exception cref="IdempotencyConflictException">The key was used for another request.</exception>
    public async ValueTask<(string Id, byte[]? FirstAnswer)> BeginAsync(string key, string fingerprint, string newId, CancellationToken cancel)
    {
        await ForgetOldAsync(cancel);
        string id = DocumentId(key);
        try
        {
            var answer = new Answer(fingerprint, newId, time.GetUtcNow(), null);
            await catalog.CreateAsync(new(Kind, id, id, 0, Bytes(answer)), cancel);
            return (newId, null);
        }
        catch (CatalogConflictException)
        {
            if (await catalog.GetAsync(Kind, id, cancel) is not { } document)
                throw new StoreUnavailableException("The idempotency key ended just now; send the call again.");
            var first = Read(document);
            return first.Fingerprint == fingerprint ? (first.SubjectId, first.Body) : throw new IdempotencyConflictException(key);
        }
    }

    /// <summary>Keeps the first answer.</summary>
    public async ValueTask CompleteAsync(string key, byte[] body, CancellationToken cancel)
    {
        if (await catalog.GetAsync(Kind, DocumentId(key), cancel) is not { } document || Read(document) is not { Body: null } answer)
            return;
        try
        {
            await catalog.UpdateAsync(document with { Json = Bytes(answer with { Body = body }) }, cancel);
        }
        catch (CatalogConflictException)
        {
            // The same call at the same time has kept the same answer.
        }
    }

    private async ValueTask ForgetOldAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        foreach (var document in await catalog.ListAsync(Kind, cancel))
        {
            if (now - Read(document).At >= Lifetime)
                await catalog.DeleteAsync(Kind, document.Id, document.Version, cancel);
        }
    }

    private static string DocumentId(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static byte[] Bytes(Answer answer) => JsonSerializer.SerializeToUtf8Bytes(answer, CatalogJson.Default.Answer);

    private static Answer Read(CatalogDocument document) => JsonSerializer.Deserialize(document.Json.Span, CatalogJson.Default.Answer)!;

    /// <summary>What is stored under a key.</summary>
    internal sealed record Answer(string Fingerprint, string SubjectId, DateTimeOffset At, byte[]? Body);
}
