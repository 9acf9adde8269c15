using Drover.Server.Contracts;
using Drover.Server.Keys;
using Drover.Servers;

namespace Drover.Server.Servers;

/// <summary>Servers as the API shows them: whether there is a secret, never the secret.</summary>
internal static class ServerViews
{
    public static ServerResponse Server(ServerEntry entry, StatusRecord? status, IReadOnlyList<KeyEntry> keys)
    {
        var record = entry.Record;
        bool ssh = record.Kind == ServerKind.Ssh;
        return new()
        {
            Id = entry.Id,
            Name = entry.Name,
            Kind = record.Kind,
            Hostname = record.Hostname,
            Port = ssh ? record.Port : null,
            User = record.User,
            AuthType = record.AuthType,
            HasPassword = record.Password is not null,
            HasPrivateKey = record.PrivateKey is not null,
            HasPassphrase = record.Passphrase is not null,
            KeyName = record.KeyId is { } key ? keys.FirstOrDefault(k => k.Id == key)?.Name : null,
            Tags = record.Tags,
            IsActive = record.IsActive,
            HostKey = record.HostKey,
            HostKeyFingerprint = record.TrustedKey()?.Fingerprint,
            JumpServerId = record.JumpServerId,
            MaxConcurrency = record.MaxConcurrency,
            CreatedAt = record.CreatedAt,
            UpdatedAt = entry.UpdatedAt,
            Revision = record.Revision,
            Status = status is null ? null : Status(entry, status),
        };
    }

    public static ServerStatusResponse Status(ServerEntry entry, StatusRecord status) => new()
    {
        ServerId = entry.Id,
        ServerName = entry.Name,
        Ok = status.Ok,
        CheckedAt = status.CheckedAt,
        LatencyMs = status.LatencyMs,
        FailedStep = status.FailedStep,
        Reason = status.Reason,
        Error = status.Error,
        HostKeyFingerprint = status.HostKeyFingerprint,
    };

    public static ServerTestResponse Test(ServerEntry entry, ProbeResult result) => new()
    {
        Ok = result.Ok,
        LatencyMs = Milliseconds(result.Latency),
        Steps = [.. result.Steps.Select(s => new ServerTestStep
        {
            Name = s.Name,
            Ok = s.Ok,
            DurationMs = Milliseconds(s.Duration),
            Reason = s.Reason,
            Detail = s.Detail,
        })],
        HostKey = result.HostKey is { } shown ? HostKeys.Format(shown) : null,
        HostKeyFingerprint = result.HostKey?.Fingerprint,
        TrustedFingerprint = entry.Record.TrustedKey()?.Fingerprint,
    };

    public static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 3);
}
