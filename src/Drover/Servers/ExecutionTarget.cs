namespace Drover.Servers;

/// <summary>Where and as whom a command or script runs: resolved from the catalog when the job is leased, held in memory only.</summary>
public abstract record ExecutionTarget
{
    /// <summary>The server's id.</summary>
    public required string ServerId { get; init; }

    /// <summary>Its name now.</summary>
    public required string ServerName { get; init; }
}

/// <summary>The worker's own machine.</summary>
public sealed record LocalTarget : ExecutionTarget;

/// <summary>A server reached over SSH. Its text form names no secret.</summary>
public sealed record SshTarget : ExecutionTarget
{
    /// <summary>Host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Port; usually 22.</summary>
    public int Port { get; init; } = 22;

    /// <summary>The user to sign in as.</summary>
    public required string User { get; init; }

    /// <summary>How to sign in.</summary>
    public required SshCredential Credential { get; init; }

    /// <summary>The trusted host key; null when none is known yet.</summary>
    public HostKey? HostKey { get; init; }

    /// <summary>What to do about host keys.</summary>
    public HostKeyPolicy HostKeyPolicy { get; init; } = HostKeyPolicy.Tofu;

    /// <summary>The server through which it is reached; null for directly. At most eight in a row.</summary>
    public SshTarget? Jump { get; init; }

    /// <summary>Rises when anything here changes, so that a pooled connection of an older revision is not used again.</summary>
    public required long Revision { get; init; }
}

/// <summary>How to sign in to a server. Its text form names no secret.</summary>
public sealed record SshCredential
{
    /// <summary>The password; null when a key is used.</summary>
    public string? Password { get; init; }

    /// <summary>The private key file's bytes (OpenSSH, PEM or PKCS#8); null when a password is used.</summary>
    public ReadOnlyMemory<byte>? PrivateKey { get; init; }

    /// <summary>The key's passphrase; null for none.</summary>
    public string? Passphrase { get; init; }

    /// <summary>Nothing but the kind.</summary>
    public override string ToString() => Password is null ? "SshCredential { key }" : "SshCredential { password }";
}

/// <summary>What to do about host keys.</summary>
public enum HostKeyPolicy : byte
{
    /// <summary>Trust the first key a server shows, refuse a changed one.</summary>
    Tofu,

    /// <summary>Refuse a server whose key was not given beforehand.</summary>
    Strict,

    /// <summary>Trust anything. For test networks only.</summary>
    Off,
}

/// <summary>A server's public host key.</summary>
/// <param name="Type">Its algorithm: <c>ssh-ed25519</c>.</param>
/// <param name="Blob">The public key as in RFC 4253 section 6.6, base64 (the second word of a line in <c>known_hosts</c>).</param>
public sealed record HostKey(string Type, string Blob)
{
    /// <summary>The fingerprint as OpenSSH prints it: <c>SHA256:…</c>.</summary>
    public string Fingerprint =>
        "SHA256:" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Convert.FromBase64String(Blob))).TrimEnd('=');
}

/// <summary>Finds where a job runs, at the moment it is leased.</summary>
public interface ITargetResolver
{
    /// <summary>The target with its secrets.</summary>
    /// <exception cref="TargetUnavailableException">There is no such server any more, or its secrets cannot be read.</exception>
    ValueTask<ExecutionTarget> ResolveAsync(string serverId, CancellationToken cancel = default);

    /// <summary>Pins a server's host key if it has none; answers the pinned one.</summary>
    ValueTask<HostKey> PinHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel = default);
}

/// <summary>A server cannot be used.</summary>
/// <param name="message">Why, for people.</param>
public sealed class TargetUnavailableException(string message) : Exception(message);
