using System.Security.Cryptography;
using System.Text;

namespace Drover.NetQueue;

/// <summary>A token that a queue server knows; it keeps no secret, only its digest.</summary>
/// <param name="Name">Whose it is, for logs.</param>
/// <param name="Roles">What it allows.</param>
/// <param name="Sha256">The SHA-256 of the token's UTF-8: 32 bytes.</param>
public sealed record NetQueueToken(string Name, NetQueueRoles Roles, ReadOnlyMemory<byte> Sha256)
{
    /// <summary>From the token itself.</summary>
    public static NetQueueToken Of(string name, NetQueueRoles roles, string secret) => new(name, roles, SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>Finds whose token somebody shows.</summary>
internal sealed class TokenBook(NetQueueServerOptions options)
{
    private static readonly NetQueueToken Anonymous = new("anonymous", NetQueueRoles.Admin, default);

    /// <summary>Null when it is nobody's. Takes equally long for each.</summary>
    public NetQueueToken? Find(string secret)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), digest);
        NetQueueToken? found = null;
        foreach (var token in options.Tokens)
            if (CryptographicOperations.FixedTimeEquals(digest, token.Sha256.Span))
                found = token;
        return found ?? (options.AllowAnonymous && options.Tokens.Count == 0 ? Anonymous : null);
    }
}
