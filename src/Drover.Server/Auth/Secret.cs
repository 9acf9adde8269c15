using System.Security.Cryptography;
using System.Text;

namespace Drover.Server.Auth;

/// <summary>Random secrets are looked up by their digest and never kept.</summary>
internal static class Secret
{
    public static string Digest(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
