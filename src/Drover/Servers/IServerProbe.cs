namespace Drover.Servers;

/// <summary>Tries a server out, step by step.</summary>
public interface IServerProbe
{
    /// <summary>
    /// Finds the name, connects, checks the host key, signs in and runs <c>true</c>. Signs in with a connection of its
    /// own, never from the pool. Does not throw for what the server does.
    /// </summary>
    ValueTask<ProbeResult> ProbeAsync(ExecutionTarget target, CancellationToken cancel = default);
}

/// <summary>What a probe found.</summary>
/// <param name="Ok">Whether every step went well.</param>
/// <param name="Steps">The steps that were tried, in order: <c>name</c>, <c>connect</c>, <c>host_key</c>, <c>sign_in</c>, <c>run</c>.</param>
/// <param name="HostKey">The key the server showed; null when it did not come to that.</param>
/// <param name="Latency">The time of all steps.</param>
public sealed record ProbeResult(bool Ok, IReadOnlyList<ProbeStep> Steps, HostKey? HostKey, TimeSpan Latency);

/// <summary>One step of a probe.</summary>
/// <param name="Name">Which.</param>
/// <param name="Ok">Whether it went well.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Reason">When it failed, one of <see cref="Jobs.FailureReasons"/>; else null.</param>
/// <param name="Detail">What was found, or why it failed and what to do; null for nothing.</param>
public sealed record ProbeStep(string Name, bool Ok, TimeSpan Duration, string? Reason, string? Detail);

/// <summary>Looks at private keys without keeping them.</summary>
public interface IKeyInspector
{
    /// <summary>What sort of key the bytes are.</summary>
    /// <param name="key">The file's bytes.</param>
    /// <param name="passphrase">The passphrase to try; null for none.</param>
    /// <exception cref="FormatException">They are no private key that can be used, with the reason for people.</exception>
    KeyInfo Inspect(ReadOnlyMemory<byte> key, string? passphrase);
}

/// <summary>What is known of a private key.</summary>
/// <param name="Type">Its algorithm: <c>ssh-ed25519</c>, <c>ssh-rsa</c>, <c>ecdsa-sha2-nistp256</c>; null when that needs the passphrase.</param>
/// <param name="Bits">Its size in bits; null when that needs the passphrase.</param>
/// <param name="Fingerprint">The public key's <c>SHA256:…</c>; null when that needs the passphrase.</param>
/// <param name="Encrypted">Whether it wants a passphrase.</param>
/// <param name="Unlocked">Whether the private part could be read (no passphrase wanted, or the given one fits).</param>
public sealed record KeyInfo(string? Type, int? Bits, string? Fingerprint, bool Encrypted, bool Unlocked);
