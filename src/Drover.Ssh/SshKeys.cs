using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Security;

namespace Drover.Ssh;

/// <summary>Reads private keys: OpenSSH, PEM (PKCS#1, SEC 1), PKCS#8.</summary>
internal static class SshKeys
{
    /// <summary>The key, ready to sign in with.</summary>
    /// <exception cref="FormatException">It cannot be read, with the reason for people.</exception>
    public static PrivateKeyFile Load(ReadOnlyMemory<byte> file, string? passphrase)
    {
        string text = Encoding.UTF8.GetString(file.Span);
        if (!text.Contains("-----BEGIN ", StringComparison.Ordinal))
        {
            throw new FormatException(text.StartsWith("ssh-", StringComparison.Ordinal) || text.StartsWith("ecdsa-", StringComparison.Ordinal)
                ? "This is the public key; the private one is the file without .pub."
                : "This is no private key in OpenSSH, PEM or PKCS#8 format.");
        }

        try
        {
            if (text.Contains("-----BEGIN PRIVATE KEY-----", StringComparison.Ordinal) || text.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal))
            {
                if (LoadEd25519Pkcs8(text, passphrase) is { } key)
                    return key;
            }

            return new PrivateKeyFile(new MemoryStream(file.ToArray()), passphrase);
        }
        catch (Exception e) when (e is SshPassPhraseNullOrEmptyException || passphrase is null && e is PasswordException)
        {
            throw new FormatException("The key wants a passphrase.", e);
        }
        catch (Exception e) when (passphrase is not null && IsEncrypted(text) && e is not FormatException)
        {
            throw new FormatException("The key could not be unlocked: the passphrase is wrong, or the file is damaged.", e);
        }
#pragma warning disable CA1031 // the parsers throw anything on a damaged file; all of it means the same
        catch (Exception e) when (e is not FormatException)
#pragma warning restore CA1031
        {
            throw new FormatException($"The key cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether the file says of itself that it wants a passphrase.</summary>
    public static bool IsEncrypted(string text) =>
        text.Contains("ENCRYPTED", StringComparison.Ordinal)
        || OpenSshHeader(text) is { Cipher: not "none" };

    /// <summary>The unencrypted part of an OpenSSH key file; null for another format.</summary>
    /// <exception cref="FormatException">It is damaged.</exception>
    public static (string Cipher, byte[] PublicKey)? OpenSshHeader(string text)
    {
        const string Begin = "-----BEGIN OPENSSH PRIVATE KEY-----", End = "-----END OPENSSH PRIVATE KEY-----";
        int from = text.IndexOf(Begin, StringComparison.Ordinal), to = text.IndexOf(End, StringComparison.Ordinal);
        if (from < 0)
            return null;
        try
        {
            // openssh/PROTOCOL.key: magic, cipher, kdf, kdf options, number of keys, public key.
            var reader = new WireReader(Convert.FromBase64String(text[(from + Begin.Length)..to]).AsMemory("openssh-key-v1\0".Length));
            string cipher = Encoding.ASCII.GetString(reader.Next().Span);
            reader.Next();
            reader.Next();
            reader.Number();
            return (cipher, reader.Next().ToArray());
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new FormatException("The key file is damaged.", e);
        }
    }

    /// <summary><c>SHA256:…</c> of a public key blob.</summary>
    public static string Fingerprint(byte[] blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');

    // SSH.NET takes the wrong bytes for the seed here (it keeps the inner DER header), so the server refuses the key.
    private static PrivateKeyFile? LoadEd25519Pkcs8(string text, string? passphrase)
    {
        using var reader = new PemReader(new StringReader(text), passphrase is null ? null : new Password(passphrase));
        return reader.ReadObject() is Ed25519PrivateKeyParameters key ? new PrivateKeyFile(new ED25519Key(key.GetEncoded())) : null;
    }

    private sealed class Password(string value) : IPasswordFinder
    {
        public char[] GetPassword() => value.ToCharArray();
    }
}
