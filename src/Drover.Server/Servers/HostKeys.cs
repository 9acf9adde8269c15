using System.Buffers.Binary;
using System.Text;
using Drover.Servers;

namespace Drover.Server.Servers;

/// <summary>Host keys as lines of a known_hosts file write them: <c>ssh-ed25519 AAAA…</c>.</summary>
internal static class HostKeys
{
    public static string Format(HostKey key) => $"{key.Type} {key.Blob}";

    /// <summary>The key; null when the text is none (its type must be what the blob itself says, RFC 4253 section 6.6).</summary>
    public static HostKey? TryParse(string? text)
    {
        string[] words = text?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (words.Length < 2 || words[1].Length > 16_384)
            return null;
        byte[] blob = new byte[words[1].Length];
        if (!Convert.TryFromBase64String(words[1], blob, out int length) || length < 4)
            return null;
        int typeLength = BinaryPrimitives.ReadInt32BigEndian(blob);
        return typeLength > 0 && typeLength <= length - 4 && Encoding.ASCII.GetString(blob, 4, typeLength) == words[0] ? new(words[0], words[1]) : null;
    }
}
