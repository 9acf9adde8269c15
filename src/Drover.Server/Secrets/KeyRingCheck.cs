using System.Security.Cryptography;
using System.Text.Json;
using Drover.Catalog;
using Drover.Server.Json;

namespace Drover.Server.Secrets;

/// <summary>
/// Notices at the start, and not at the first job, that this process has another key ring than the one that sealed the
/// catalog's secrets: a sealed mark stands in the catalog, and it must open.
/// </summary>
internal sealed class KeyRingCheck(ICatalog catalog, KeyRing ring)
{
    private const string Kind = "setting", Id = "key-ring-mark";

    /// <exception cref="KeyRingMismatchException">It does not open.</exception>
    public async ValueTask RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                var document = await catalog.GetAsync(Kind, Id, cancel);
                if (document is null)
                    await catalog.CreateAsync(new(Kind, Id, Id, 0, Mark()), cancel);
                else if (!ring.IsCurrent(Open(document)))
                    await catalog.UpdateAsync(document with { Json = Mark() }, cancel);
                return;
            }
            catch (CatalogConflictException)
            {
                // Another node was faster; its mark must open here.
            }
        }
    }

    private string Open(CatalogDocument document)
    {
        string mark = JsonSerializer.Deserialize(document.Json.Span, CatalogJson.Default.KeyRingMark)!.Sealed;
        try
        {
            ring.Open(Id, mark);
            return mark;
        }
        catch (CryptographicException e)
        {
            throw new KeyRingMismatchException($"The stored credentials were sealed with another key: {e.Message.TrimEnd('.')}. "
                + "Every API and queue server of one Drover needs the same DROVER_MASTER_KEY, or a copy of the file key-ring in its data folder.", e);
        }
    }

    private byte[] Mark() => JsonSerializer.SerializeToUtf8Bytes(new KeyRingMark(ring.Seal(Id, "drover")), CatalogJson.Default.KeyRingMark);
}

/// <summary>A sealed text that only the right key opens.</summary>
internal sealed record KeyRingMark(string Sealed);

/// <summary>This process has another key than the one that sealed the catalog's secrets.</summary>
/// <param name="message">What to do, one line.</param>
/// <param name="inner">The cause.</param>
public sealed class KeyRingMismatchException(string message, Exception inner) : Exception(message, inner);
