using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Drover.Server.Auth;

namespace Drover.Server.Secrets;

/// <summary>
/// Seals secrets with AES-256-GCM, each bound to the record and field it belongs to. The keys stand in the data
/// folder's <c>key-ring</c> (mode 0600) unless a master key is given from outside; what older keys sealed stays readable.
/// A sealed secret is <c>v1:KEY:BASE64(nonce 12, ciphertext, tag 16)</c>.
/// </summary>
internal sealed class KeyRing
{
    public const string FileName = "key-ring";
    private const string Master = "master";
    private const int NonceBytes = 12, TagBytes = 16, KeyBytes = 32;

    private readonly string _path;
    private readonly bool _hasMaster;
    private readonly Lock _gate = new();
    private volatile Ring _ring;

    public KeyRing(ServerOptions options, ILogger<KeyRing> log)
    {
        _path = Path.Combine(options.DataDirectory, FileName);
        _hasMaster = options.MasterKey is not null;
        var stored = Load(log);
        if (options.MasterKey is { } master)
        {
            _ring = new(Master, new(stored?.Keys ?? []) { [Master] = master.ToArray() });
            return;
        }

        Directory.CreateDirectory(options.DataDirectory);
        _ring = stored ?? Begin();
    }

    /// <summary>Seals a secret.</summary>
    /// <param name="owner">The record and field it belongs to; opening it for another fails.</param>
    /// <param name="secret">The secret.</param>
    public string Seal(string owner, ReadOnlySpan<byte> secret)
    {
        var ring = _ring;
        byte[] box = new byte[NonceBytes + secret.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(ring.Keys[ring.Current], TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), secret, box.AsSpan(NonceBytes, secret.Length), box.AsSpan(NonceBytes + secret.Length), Encoding.UTF8.GetBytes(owner));
        return $"v1:{ring.Current}:{Convert.ToBase64String(box)}";
    }

    /// <inheritdoc cref="Seal(string, ReadOnlySpan{byte})"/>
    public string Seal(string owner, string secret) => Seal(owner, Encoding.UTF8.GetBytes(secret));

    /// <summary>Opens a secret.</summary>
    /// <exception cref="CryptographicException">Its key is not there, or it was changed or belongs to another record.</exception>
    public byte[] Open(string owner, string sealedSecret)
    {
        string[] parts = sealedSecret.Split(':');
        if (parts.Length != 3 || parts[0] != "v1")
            throw new CryptographicException("The stored secret has an unknown form.");
        // A process that shares the folder may have put a new key into use meanwhile.
        if (!_ring.Keys.TryGetValue(parts[1], out byte[]? key) && !Reloaded().Keys.TryGetValue(parts[1], out key))
            throw new CryptographicException($"The secret was sealed with the key '{parts[1]}', which is not in {_path}.");
        byte[] box = Convert.FromBase64String(parts[2]);
        if (box.Length < NonceBytes + TagBytes)
            throw new CryptographicException("The stored secret is cut short.");
        byte[] secret = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, secret.Length), box.AsSpan(NonceBytes + secret.Length), secret, Encoding.UTF8.GetBytes(owner));
        return secret;
    }

    /// <summary>Whether a secret was sealed with the key in use.</summary>
    public bool IsCurrent(string sealedSecret) => sealedSecret.StartsWith($"v1:{_ring.Current}:", StringComparison.Ordinal);

    /// <summary>Puts a new key into use; with a master key from outside that one stays in use.</summary>
    public void Rotate()
    {
        if (_hasMaster)
            return;
        lock (_gate)
        {
            string name = NewName();
            var next = new Ring(name, new(_ring.Keys) { [name] = RandomNumberGenerator.GetBytes(KeyBytes) });
            PrivateFile.Replace(_path, Bytes(next));
            _ring = next;
        }
    }

    private Ring Reloaded()
    {
        lock (_gate)
        {
            if (_hasMaster || !File.Exists(_path))
                return _ring;
            return _ring = JsonSerializer.Deserialize(File.ReadAllBytes(_path), KeyRingJson.Default.Ring) ?? _ring;
        }
    }

    private Ring? Load(ILogger log)
    {
        if (!File.Exists(_path))
            return null;
        if (PrivateFile.Tighten(_path))
            log.KeyRingWasOpen(_path);
        var ring = JsonSerializer.Deserialize(File.ReadAllBytes(_path), KeyRingJson.Default.Ring);
        if (ring is null || !ring.Keys.ContainsKey(ring.Current) || ring.Keys.Values.Any(k => k.Length != KeyBytes))
            throw new InvalidDataException($"{_path} is damaged; put back the copy from your backup, or delete it and enter all credentials anew.");
        return ring;
    }

    private Ring Begin()
    {
        string name = NewName();
        var ring = new Ring(name, new() { [name] = RandomNumberGenerator.GetBytes(KeyBytes) });
        return PrivateFile.TryCreate(_path, Bytes(ring))
            ? ring
            : JsonSerializer.Deserialize(File.ReadAllBytes(_path), KeyRingJson.Default.Ring)!;
    }

    private static string NewName() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    private static byte[] Bytes(Ring ring) => JsonSerializer.SerializeToUtf8Bytes(ring, KeyRingJson.Default.Ring);

    /// <summary>The keys by name, and the name of the one in use.</summary>
    internal sealed record Ring(string Current, Dictionary<string, byte[]> Keys);
}
