using System.Text;
using Drover.Server.Problems;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Drover.Server.Keys;

/// <summary>A private key as it was sent.</summary>
internal sealed record KeyUpload(string Filename, byte[] Content, string? Passphrase)
{
    private const int MaxSections = 10;

    /// <summary>Reads a form; in memory only, so that no key ever lies in a temporary file.</summary>
    /// <exception cref="BadHttpRequestException">It is no form, or too large.</exception>
    public static async ValueTask<KeyUpload> ReadAsync(HttpRequest request, long maxBytes, CancellationToken cancel)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 200 } boundary)
            throw new BadHttpRequestException("Send the key as multipart/form-data with the file in the field 'file'.", StatusCodes.Status415UnsupportedMediaType);
        string? filename = null, passphrase = null;
        byte[]? content = null;
        try
        {
            var reader = new MultipartReader(boundary.ToString(), request.Body);
            for (int i = 0; await reader.ReadNextSectionAsync(cancel) is { } section; i++)
            {
                if (i == MaxSections || section.GetContentDispositionHeader() is not { } disposition)
                    throw Errors.Of("file", "The form is not of the expected shape.");
                byte[] bytes = await ReadAsync(section.Body, maxBytes, cancel);
                switch (HeaderUtilities.RemoveQuotes(disposition.Name).ToString())
                {
                    case "file":
                        content = bytes;
                        filename ??= Path.GetFileName(HeaderUtilities.RemoveQuotes(disposition.FileName).ToString());
                        break;
                    case "filename":
                        filename = Encoding.UTF8.GetString(bytes);
                        break;
                    case "passphrase":
                        passphrase = Encoding.UTF8.GetString(bytes);
                        break;
                    case var other:
                        throw Errors.Of(other.Length == 0 ? "file" : other, "There is no such field; known are file, filename, passphrase.");
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw Errors.Of("file", "The form is cut short or damaged.");
        }

        if (content is null)
            throw Errors.Of("file", "Is required: the key file.");
        return new(filename ?? "", content, passphrase is { Length: > 0 } ? passphrase : null);
    }

    private static async ValueTask<byte[]> ReadAsync(Stream stream, long maxBytes, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancel)) > 0)
        {
            if (bytes.Length + read > maxBytes)
                throw new BadHttpRequestException("The upload is larger than is taken here.", StatusCodes.Status413PayloadTooLarge);
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}
