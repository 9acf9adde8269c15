using System.Security.Cryptography;
using System.Text;

namespace Drover.Server.Auth;

/// <summary>Knows the tokens by their digests. Tokens are 256 random bits, so a plain SHA-256 keeps them.</summary>
internal sealed class AccessTokens(ServerOptions options)
{
    private readonly byte[] _admin = DigestOf(options.AdminToken ?? TokenVault.LoadOrCreate(options.DataDirectory));
    private readonly byte[]? _metrics = options.MetricsToken is { } token ? DigestOf(token) : null;

    /// <summary>Whether it is the admin token; takes the same time for all wrong ones.</summary>
    public bool IsAdmin(ReadOnlySpan<char> token) => Matches(token, _admin);

    /// <summary>Whether it is the token that reads <c>/metrics</c> and nothing else.</summary>
    public bool IsMetrics(ReadOnlySpan<char> token) => _metrics is { } digest && Matches(token, digest);

    private static bool Matches(ReadOnlySpan<char> token, byte[] known)
    {
        if (token.Length is 0 or > 1024)
            return false;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(1024)];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(token, text)], digest);
        return CryptographicOperations.FixedTimeEquals(digest, known);
    }

    private static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
