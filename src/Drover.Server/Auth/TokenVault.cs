using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Drover.Server.Auth;

/// <summary>The tokens in the data folder: made at the first start, readable by their owner alone, found there by programs on this machine.</summary>
public static class TokenVault
{
    /// <summary>The admin token's file within the data folder.</summary>
    public const string FileName = "admin-token";

    /// <summary>The file of the token for workers elsewhere.</summary>
    public const string WorkerFileName = "worker-token";

    /// <summary>The token, made when there is none yet.</summary>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static string LoadOrCreate(string dataDirectory, string fileName = FileName)
    {
        Directory.CreateDirectory(dataDirectory);
        if (TryRead(dataDirectory, fileName) is { } present)
            return present;
        string token = "drover_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        // Whoever is second takes the first one's.
        return PrivateFile.TryCreate(Path.Combine(dataDirectory, fileName), Encoding.UTF8.GetBytes(token + "\n"))
            ? token
            : TryRead(dataDirectory, fileName) ?? throw new IOException($"{Path.Combine(dataDirectory, fileName)} is empty; delete it and start again.");
    }

    /// <summary>The token; null when there is none.</summary>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static string? TryRead(string dataDirectory, string fileName = FileName)
    {
        string path = Path.Combine(dataDirectory, fileName);
        if (!File.Exists(path))
            return null;
        string token = File.ReadAllText(path).Trim();
        return token.Length == 0 ? null : token;
    }
}
