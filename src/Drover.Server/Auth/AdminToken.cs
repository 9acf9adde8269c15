using System.Security.Cryptography;
using System.Text;

namespace Drover.Server.Auth;

/// <summary>Knows the admin token by its digest. Tokens are 256 random bits, so a plain SHA-256 keeps them.</summary>
internal sealed class AdminToken
{
    private readonly byte[] _digest;

    public AdminToken(ServerOptions options) =>
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(options.AdminToken ?? TokenVault.LoadOrCreate(options.DataDirectory)));

    /// <summary>Whether it is the token; takes the same time for all wrong ones.</summary>
    public bool Matches(ReadOnlySpan<char> token)
    {
        if (token.Length is 0 or > 1024)
            return false;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(1024)];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(token, text)], digest);
        return CryptographicOperations.FixedTimeEquals(digest, _digest);
    }
}
