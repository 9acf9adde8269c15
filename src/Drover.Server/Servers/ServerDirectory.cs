using System.Security.Cryptography;
using System.Text;
using Drover.Catalog;
using Drover.Events;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Keys;
using Drover.Server.Secrets;
using Drover.Servers;

namespace Drover.Server.Servers;

/// <summary>Finds the server that a leased job runs on, opens its secrets at that moment, and pins host keys.</summary>
public sealed class ServerDirectory : ITargetResolver
{
    private const int MaxJumps = 8;

    private readonly ServerCatalog _servers;
    private readonly KeyCatalog _keys;
    private readonly KeyRing _ring;
    private readonly ServerOptions _options;
    private readonly AuditTrail _audit;

    internal ServerDirectory(ServerCatalog servers, KeyCatalog keys, KeyRing ring, ServerOptions options, AuditTrail audit) =>
        (_servers, _keys, _ring, _options, _audit) = (servers, keys, ring, options, audit);

    /// <summary>Told of each change of a server, so that it can be published; it must not throw.</summary>
    internal Action<EventKind, string> Changed { get; set; } = static (_, _) => { };

    /// <inheritdoc/>
    public async ValueTask<ExecutionTarget> ResolveAsync(string serverId, CancellationToken cancel = default)
    {
        var entry = await _servers.GetAsync(serverId, cancel)
            ?? throw new TargetUnavailableException("The server this job was meant for has been deleted.");
        return await ResolveAsync(entry, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<HostKey> PinHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel = default)
    {
        while (true)
        {
            var entry = await _servers.GetAsync(serverId, cancel)
                ?? throw new TargetUnavailableException("The server has been deleted.");
            if (entry.Record.TrustedKey() is { } pinned)
                return pinned;
            if (_options.HostKeyPolicy == HostKeyPolicy.Off)
                return shown;
            if (_options.HostKeyPolicy == HostKeyPolicy.Strict)
                throw new TargetUnavailableException($"The host key of '{entry.Name}' is not known and the policy is strict.");
            try
            {
                // The key was the missing piece, not a change: connections that were made with it go on.
                await _servers.UpdateAsync(entry with { Record = entry.Record with { HostKey = HostKeys.Format(shown) } }, cancel);
            }
            catch (CatalogConflictException)
            {
                continue;
            }

            await _audit.RecordAsync(Caller.Drover, "server.host_key.pin", entry.Id, $"{entry.Name}: {shown.Fingerprint}, the first it showed");
            Changed(EventKind.ServerChanged, entry.Id);
            return shown;
        }
    }

    /// <summary>The target of a server that is at hand.</summary>
    /// <exception cref="TargetUnavailableException">Its secrets cannot be read, or a server on the way is gone.</exception>
    internal async ValueTask<ExecutionTarget> ResolveAsync(ServerEntry entry, CancellationToken cancel)
    {
        if (entry.Record.Kind == ServerKind.Local)
            return new LocalTarget { ServerId = entry.Id, ServerName = entry.Name };

        // From the far end of the chain of jump servers back to the server itself.
        var chain = new List<ServerEntry> { entry };
        while (chain[^1].Record.JumpServerId is { } jumpId)
        {
            var jump = await _servers.GetAsync(jumpId, cancel)
                ?? throw new TargetUnavailableException($"The jump server of '{chain[^1].Name}' has been deleted.");
            if (chain.Count > MaxJumps || chain.Any(s => s.Id == jump.Id))
                throw new TargetUnavailableException($"The jump servers of '{entry.Name}' go in a circle or are more than {MaxJumps}.");
            if (jump.Record.Kind == ServerKind.Ssh)
                chain.Add(jump);
            else
                break;
        }

        SshTarget? target = null;
        for (int i = chain.Count - 1; i >= 0; i--)
            target = await TargetAsync(chain[i], target, cancel);
        return target!;
    }

    private async ValueTask<SshTarget> TargetAsync(ServerEntry entry, SshTarget? jump, CancellationToken cancel) => new()
    {
        ServerId = entry.Id,
        ServerName = entry.Name,
        Host = entry.Record.Hostname!,
        Port = entry.Record.Port,
        User = entry.Record.User!,
        Credential = await CredentialAsync(entry, cancel),
        HostKey = entry.Record.TrustedKey(),
        HostKeyPolicy = _options.HostKeyPolicy,
        Jump = jump,
        Revision = entry.Record.Revision,
    };

    private async ValueTask<SshCredential> CredentialAsync(ServerEntry entry, CancellationToken cancel)
    {
        var record = entry.Record;
        try
        {
            if (record.AuthType == ServerAuthType.Password)
                return new() { Password = Text(entry, "password", record.Password) };
            string? passphrase = Text(entry, "passphrase", record.Passphrase);
            if (record.KeyId is not { } keyId)
                return new() { PrivateKey = Open(entry, "private_key", record.PrivateKey), Passphrase = passphrase };
            var key = await _keys.GetAsync(keyId, cancel)
                ?? throw new TargetUnavailableException($"The key of '{entry.Name}' has been deleted.");
            return new() { PrivateKey = _keys.Open(key), Passphrase = passphrase ?? _keys.OpenPassphrase(key) };
        }
        catch (CryptographicException e)
        {
            throw new TargetUnavailableException($"The credentials of '{entry.Name}' cannot be read: {e.Message}");
        }
    }

    private string? Text(ServerEntry entry, string field, string? sealedSecret) =>
        Open(entry, field, sealedSecret) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private byte[]? Open(ServerEntry entry, string field, string? sealedSecret) =>
        sealedSecret is null ? null : _ring.Open(ServerEntry.SecretOwner(entry.Id, field), sealedSecret);
}
