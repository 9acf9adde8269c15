using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Drover.Server.Auth;

/// <summary>The admin token in the data folder: made at the first start, readable by its owner alone, found there by the CLI.</summary>
public static class TokenVault
{
    /// <summary>The file's name within the data folder.</summary>
    public const string FileName = "admin-token";

    /// <summary>The token, made when there is none yet.</summary>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static string LoadOrCreate(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        if (TryRead(dataDirectory) is { } present)
            return present;
        string token = "drover_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        // Whoever is second takes the first one's.
        return PrivateFile.TryCreate(Path.Combine(dataDirectory, FileName), Encoding.UTF8.GetBytes(token + "\n"))
            ? token
            : TryRead(dataDirectory) ?? throw new IOException($"{Path.Combine(dataDirectory, FileName)} is empty; delete it and start again.");
    }

    /// <summary>The token; null when there is none.</summary>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static string? TryRead(string dataDirectory)
    {
        string path = Path.Combine(dataDirectory, FileName);
        if (!File.Exists(path))
            return null;
        string token = File.ReadAllText(path).Trim();
        return token.Length == 0 ? null : token;
    }
}
