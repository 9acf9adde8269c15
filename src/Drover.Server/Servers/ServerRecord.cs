using Drover.Server.Contracts;
using Drover.Servers;

namespace Drover.Server.Servers;

/// <summary>A server as it stands in the catalog; secrets are sealed.</summary>
internal sealed record ServerRecord
{
    public required ServerKind Kind { get; init; }

    public string? Hostname { get; init; }

    public int Port { get; init; } = 22;

    public string? User { get; init; }

    public ServerAuthType? AuthType { get; init; }

    public string? Password { get; init; }

    public string? PrivateKey { get; init; }

    public string? Passphrase { get; init; }

    /// <summary>The uploaded key it uses.</summary>
    public string? KeyId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public bool IsActive { get; init; } = true;

    /// <summary>The trusted key as in a known_hosts file: type and base64.</summary>
    public string? HostKey { get; init; }

    public string? JumpServerId { get; init; }

    public int? MaxConcurrency { get; init; }

    public long Revision { get; init; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }

    public HostKey? TrustedKey() => HostKeys.TryParse(HostKey);
}

/// <summary>A server with its place in the catalog.</summary>
internal sealed record ServerEntry(string Id, string Name, long Version, ServerRecord Record, DateTimeOffset UpdatedAt)
{
    /// <summary>How many jobs may run on it at once, as the store's limits say it.</summary>
    public int? Limit => Record.IsActive ? Record.MaxConcurrency : 0;

    public static string SecretOwner(string serverId, string field) => $"server:{serverId}:{field}";
}

/// <summary>What the last look at a server found.</summary>
internal sealed record StatusRecord(
    bool Ok, DateTimeOffset CheckedAt, double LatencyMs, string? FailedStep, string? Reason, string? Error, string? HostKeyFingerprint);
