namespace Drover.Server.Contracts;

/// <summary>How Drover signs in to a server.</summary>
public enum ServerAuthType : byte
{
    /// <summary>With a password.</summary>
    Password,

    /// <summary>With a private key.</summary>
    Key,
}

/// <summary>How a server is reached.</summary>
public enum ServerKind : byte
{
    /// <summary>It is the worker's own machine.</summary>
    Local,

    /// <summary>Over SSH.</summary>
    Ssh,
}

/// <summary>A server to add, or what an existing one becomes. Secrets that are not given when it is changed stay as they are.</summary>
public sealed record ServerRequest
{
    /// <summary>Its unique name: 1 to 100 letters, digits, '.', '_' or '-'.</summary>
    public string? Name { get; init; }

    /// <summary>Host name or address.</summary>
    public string? Hostname { get; init; }

    /// <summary>Port; 22 when none is given.</summary>
    public int? Port { get; init; }

    /// <summary>The user to sign in as.</summary>
    public string? User { get; init; }

    /// <summary>How to sign in.</summary>
    public ServerAuthType? AuthType { get; init; }

    /// <summary>The password, for <c>auth_type</c> password. Never shown again.</summary>
    public string? Password { get; init; }

    /// <summary>A private key's text, for <c>auth_type</c> key. Never shown again. Excludes <c>key_name</c>.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>The file name of an uploaded key, for <c>auth_type</c> key.</summary>
    public string? KeyName { get; init; }

    /// <summary>The private key's passphrase. Never shown again.</summary>
    public string? Passphrase { get; init; }

    /// <summary>Words to choose it by, at most 32.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Whether it takes jobs; true when not given.</summary>
    public bool? IsActive { get; init; }

    /// <summary>The trusted host key as in a known_hosts file: <c>ssh-ed25519 AAAA…</c>.</summary>
    public string? HostKey { get; init; }

    /// <summary>The server through which it is reached, by id or name.</summary>
    public string? JumpServerId { get; init; }

    /// <summary>How many jobs may run on it at once, 1 to 1000; any number when none is given.</summary>
    public int? MaxConcurrency { get; init; }
}

/// <summary>A server.</summary>
public sealed record ServerResponse
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its unique name.</summary>
    public required string Name { get; init; }

    /// <summary>How it is reached.</summary>
    public required ServerKind Kind { get; init; }

    /// <summary>Host name or address.</summary>
    public string? Hostname { get; init; }

    /// <summary>Port.</summary>
    public int? Port { get; init; }

    /// <summary>The user to sign in as.</summary>
    public string? User { get; init; }

    /// <summary>How to sign in.</summary>
    public ServerAuthType? AuthType { get; init; }

    /// <summary>Whether a password is stored.</summary>
    public required bool HasPassword { get; init; }

    /// <summary>Whether a private key of its own is stored.</summary>
    public required bool HasPrivateKey { get; init; }

    /// <summary>Whether a passphrase is stored.</summary>
    public required bool HasPassphrase { get; init; }

    /// <summary>The file name of the uploaded key it uses.</summary>
    public string? KeyName { get; init; }

    /// <summary>Words to choose it by.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Whether it takes jobs.</summary>
    public required bool IsActive { get; init; }

    /// <summary>The trusted host key.</summary>
    public string? HostKey { get; init; }

    /// <summary>The trusted host key's fingerprint.</summary>
    public string? HostKeyFingerprint { get; init; }

    /// <summary>The id of the server through which it is reached.</summary>
    public string? JumpServerId { get; init; }

    /// <summary>How many jobs may run on it at once.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Rises with every change that matters to connections.</summary>
    public required long Revision { get; init; }

    /// <summary>What the last look at its reachability found.</summary>
    public ServerStatusResponse? Status { get; init; }
}

/// <summary>Servers.</summary>
public sealed record ServerListResponse
{
    /// <summary>The servers, by name.</summary>
    public required IReadOnlyList<ServerResponse> Items { get; init; }

    /// <summary>What to pass as <c>cursor</c> for the next page; not there on the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>Whether a server can be reached, as last seen.</summary>
public sealed record ServerStatusResponse
{
    /// <summary>The server.</summary>
    public required string ServerId { get; init; }

    /// <summary>Its name.</summary>
    public required string ServerName { get; init; }

    /// <summary>Whether everything went well.</summary>
    public required bool Ok { get; init; }

    /// <summary>When it was looked at.</summary>
    public required DateTimeOffset CheckedAt { get; init; }

    /// <summary>Milliseconds that it took in all.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>The step that failed: <c>name</c>, <c>connect</c>, <c>host_key</c>, <c>sign_in</c> or <c>run</c>.</summary>
    public string? FailedStep { get; init; }

    /// <summary>Why it failed, a stable word.</summary>
    public string? Reason { get; init; }

    /// <summary>Why it failed, for people.</summary>
    public string? Error { get; init; }

    /// <summary>The fingerprint of the host key it showed.</summary>
    public string? HostKeyFingerprint { get; init; }
}

/// <summary>Servers' reachability.</summary>
public sealed record ServerStatusListResponse
{
    /// <summary>One for each server.</summary>
    public required IReadOnlyList<ServerStatusResponse> Items { get; init; }
}

/// <summary>Which servers to look at.</summary>
public sealed record ServerBulkStatusRequest
{
    /// <summary>These, by id or name; all active ones when none are given.</summary>
    public IReadOnlyList<string>? ServerIds { get; init; }
}

/// <summary>What a test of a server found, step by step.</summary>
public sealed record ServerTestResponse
{
    /// <summary>Whether every step went well.</summary>
    public required bool Ok { get; init; }

    /// <summary>Milliseconds that it took in all.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>The steps that were tried, in order.</summary>
    public required IReadOnlyList<ServerTestStep> Steps { get; init; }

    /// <summary>The host key it showed, as in a known_hosts file.</summary>
    public string? HostKey { get; init; }

    /// <summary>That key's fingerprint.</summary>
    public string? HostKeyFingerprint { get; init; }

    /// <summary>The fingerprint of the key that is trusted; differs when the server shows another one.</summary>
    public string? TrustedFingerprint { get; init; }
}

/// <summary>One step of a test.</summary>
public sealed record ServerTestStep
{
    /// <summary>Which: <c>name</c>, <c>connect</c>, <c>host_key</c>, <c>sign_in</c>, <c>run</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it went well.</summary>
    public required bool Ok { get; init; }

    /// <summary>Milliseconds it took.</summary>
    public required double DurationMs { get; init; }

    /// <summary>Why it failed, a stable word.</summary>
    public string? Reason { get; init; }

    /// <summary>What was found, or why it failed and what to do.</summary>
    public string? Detail { get; init; }
}

/// <summary>Trusts the host key that a server shows now.</summary>
public sealed record HostKeyRequest
{
    /// <summary>The fingerprint that was seen and is meant to be trusted: <c>SHA256:…</c>. When the server shows another one, nothing is trusted.</summary>
    public required string Fingerprint { get; init; }
}

/// <summary>An uploaded private key: what is known of it, never the key.</summary>
public sealed record KeyResponse
{
    /// <summary>Its file name.</summary>
    public required string Filename { get; init; }

    /// <summary>Its algorithm; not there when that needs the passphrase.</summary>
    public string? Type { get; init; }

    /// <summary>Its size in bits.</summary>
    public int? Bits { get; init; }

    /// <summary>The public key's fingerprint.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Whether it wants a passphrase.</summary>
    public required bool Encrypted { get; init; }

    /// <summary>Whether the passphrase is stored with it.</summary>
    public required bool HasPassphrase { get; init; }

    /// <summary>When it was uploaded.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The names of the servers that use it.</summary>
    public required IReadOnlyList<string> UsedBy { get; init; }
}

/// <summary>Uploaded keys.</summary>
public sealed record KeyListResponse
{
    /// <summary>The keys, by name.</summary>
    public required IReadOnlyList<KeyResponse> Items { get; init; }

    /// <summary>What to pass as <c>cursor</c> for the next page; not there on the last.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>What a change of the sealing key came to.</summary>
public sealed record KeyRotationResponse
{
    /// <summary>How many records were sealed anew.</summary>
    public required int Resealed { get; init; }
}
