using System.Text;
using Drover.Servers;
using Renci.SshNet;

namespace Drover.Ssh;

/// <summary>Looks at private keys without keeping them.</summary>
public sealed class SshKeyInspector : IKeyInspector
{
    /// <inheritdoc/>
    public KeyInfo Inspect(ReadOnlyMemory<byte> key, string? passphrase)
    {
        string text = Encoding.UTF8.GetString(key.Span);
        bool encrypted = SshKeys.IsEncrypted(text);
        if (!encrypted || !string.IsNullOrEmpty(passphrase))
        {
            using PrivateKeyFile file = SshKeys.Load(key, string.IsNullOrEmpty(passphrase) ? null : passphrase);
            return Describe(file.HostKeyAlgorithms.First().Data, encrypted, unlocked: true);
        }

        // An OpenSSH file shows its public key even while it is locked.
        return SshKeys.OpenSshHeader(text) is { } header
            ? Describe(header.PublicKey, encrypted: true, unlocked: false)
            : new(null, null, null, Encrypted: true, Unlocked: false);
    }

    private static KeyInfo Describe(byte[] blob, bool encrypted, bool unlocked)
    {
        var reader = new WireReader(blob);
        string type = Encoding.ASCII.GetString(reader.Next().Span);
        int? bits = type switch
        {
            "ssh-ed25519" => 256,
            "ssh-rsa" => RsaBits(reader),
            "ecdsa-sha2-nistp256" => 256,
            "ecdsa-sha2-nistp384" => 384,
            "ecdsa-sha2-nistp521" => 521,
            _ => throw new FormatException($"Keys of type {type} are not supported; use Ed25519, ECDSA or RSA."),
        };
        return new(type, bits, SshKeys.Fingerprint(blob), encrypted, unlocked);
    }

    private static int RsaBits(WireReader reader)
    {
        reader.Next();
        return (int)new System.Numerics.BigInteger(reader.Next().Span, isBigEndian: true).GetBitLength();
    }
}
