using System.Buffers;
using System.Text;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Server.Keys;
using Drover.Server.Problems;
using Drover.Server.Secrets;
using Drover.Servers;

namespace Drover.Server.Servers;

/// <summary>Makes a server's record of a request: checks it, seals its secrets, keeps those that were not given.</summary>
internal sealed class ServerRules(ServerCatalog servers, KeyCatalog keys, KeyRing ring, IKeyInspector inspector, TimeProvider time)
{
    private const int MaxJumps = 8;
    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:%");

    /// <summary>The record, with everything that is wrong in <paramref name="errors"/>.</summary>
    /// <param name="id">The server's id.</param>
    /// <param name="request">What it is to be.</param>
    /// <param name="present">What it is; null when it is new.</param>
    /// <param name="errors">Takes what is wrong.</param>
    /// <param name="cancel">Ends the call.</param>
    public async ValueTask<ServerRecord> BuildAsync(string id, ServerRequest request, ServerEntry? present, Errors errors, CancellationToken cancel)
    {
        CheckName(request.Name, present, errors);
        CheckCommon(request, errors);
        if (present is { Record.Kind: ServerKind.Local })
            return BuildLocal(request, present, errors);

        if (request.Hostname is not { Length: >= 1 and <= 255 } host || host[0] == '-' || host.AsSpan().ContainsAnyExcept(HostCharacters))
            errors.Add("hostname", "Must be a host name or an address.");
        if (request.Port is < 1 or > 65535)
            errors.Add("port", "Must be 1 to 65535.");
        if (request.User is not { Length: >= 1 and <= 100 } user || user[0] == '-' || user.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            errors.Add("user", "Must be 1 to 100 characters without spaces.");

        var record = new ServerRecord
        {
            Kind = ServerKind.Ssh,
            Hostname = request.Hostname,
            Port = request.Port ?? 22,
            User = request.User,
            Tags = request.Tags ?? [],
            IsActive = request.IsActive ?? true,
            MaxConcurrency = request.MaxConcurrency,
            HostKey = HostKeyOf(request, present, errors),
            JumpServerId = await JumpOfAsync(id, request, errors, cancel),
            CreatedAt = present?.Record.CreatedAt ?? time.GetUtcNow(),
            Revision = (present?.Record.Revision ?? 0) + 1,
        };
        return await WithCredentialAsync(record, id, request, present?.Record, errors, cancel);
    }

    private static ServerRecord BuildLocal(ServerRequest request, ServerEntry present, Errors errors)
    {
        Refuse(request.Hostname, "hostname");
        Refuse(request.Port, "port");
        Refuse(request.User, "user");
        Refuse(request.AuthType, "auth_type");
        Refuse(request.Password, "password");
        Refuse(request.PrivateKey, "private_key");
        Refuse(request.KeyName, "key_name");
        Refuse(request.Passphrase, "passphrase");
        Refuse(request.HostKey, "host_key");
        Refuse(request.JumpServerId, "jump_server_id");
        return present.Record with
        {
            Tags = request.Tags ?? [],
            IsActive = request.IsActive ?? true,
            MaxConcurrency = request.MaxConcurrency,
            Revision = present.Record.Revision + 1,
        };

        void Refuse(object? given, string field)
        {
            if (given is not null)
                errors.Add(field, "The server 'local' is the worker's own machine and has none.");
        }
    }

    private static void CheckName(string? name, ServerEntry? present, Errors errors)
    {
        if (name is null || !JobValidator.IsQueueName(name))
            errors.Add("name", "Must be 1 to 100 letters, digits, '.', '_' or '-'.");
        else if (Guid.TryParse(name, out _))
            errors.Add("name", "Must not look like an id.");
        else if (present is { Record.Kind: ServerKind.Local } && name != present.Name)
            errors.Add("name", "The server 'local' keeps its name.");
    }

    private static void CheckCommon(ServerRequest request, Errors errors)
    {
        if (request.MaxConcurrency is < 1 or > 1000)
            errors.Add("max_concurrency", "Must be 1 to 1000; leave it out for any number, set is_active to false for none.");
        var tags = request.Tags ?? [];
        if (tags.Count > 32)
            errors.Add("tags", "Must be at most 32.");
        else if (tags.Distinct(StringComparer.Ordinal).Count() < tags.Count)
            errors.Add("tags", "Must not repeat.");
        if (tags.Any(tag => tag is not { Length: >= 1 and <= 100 } || tag.Any(char.IsControl)))
            errors.Add("tags", "Each must be 1 to 100 characters without control characters.");
    }

    /// <summary>The key given; else the present one, unless the server is another machine now. An empty text forgets it.</summary>
    private static string? HostKeyOf(ServerRequest request, ServerEntry? present, Errors errors)
    {
        if (request.HostKey is null)
        {
            bool sameMachine = present is not null && present.Record.Hostname == request.Hostname && present.Record.Port == (request.Port ?? 22);
            return sameMachine ? present!.Record.HostKey : null;
        }

        if (request.HostKey.Length == 0)
            return null;
        if (HostKeys.TryParse(request.HostKey) is { } key)
            return HostKeys.Format(key);
        errors.Add("host_key", "Must be a key as in a known_hosts file: its type and its base64 text.");
        return null;
    }

    private async ValueTask<string?> JumpOfAsync(string id, ServerRequest request, Errors errors, CancellationToken cancel)
    {
        if (request.JumpServerId is not { Length: > 0 } idOrName)
            return null;
        var all = await servers.AllAsync(cancel);
        var first = all.Find(idOrName);
        if (first is null)
            errors.Add("jump_server_id", $"There is no server '{idOrName}'.");
        else if (first.Record.Kind == ServerKind.Local)
            errors.Add("jump_server_id", "The server 'local' is no way to another one.");
        int count = 0;
        for (var jump = first; jump is not null; jump = jump.Record.JumpServerId is { } next ? all.Find(next) : null)
        {
            if (jump.Id == id)
                errors.Add("jump_server_id", "The way would lead through the server itself.");
            else if (++count > MaxJumps)
                errors.Add("jump_server_id", $"The way would lead through more than {MaxJumps} servers.");
            else
                continue;
            break;
        }

        return first?.Id;
    }

    private async ValueTask<ServerRecord> WithCredentialAsync(
        ServerRecord record, string id, ServerRequest request, ServerRecord? present, Errors errors, CancellationToken cancel)
    {
        var type = request.AuthType
            ?? (request.Password is not null ? ServerAuthType.Password
                : request.PrivateKey is not null || request.KeyName is not null ? ServerAuthType.Key : present?.AuthType);
        switch (type)
        {
            case ServerAuthType.Password:
                if (request.PrivateKey is not null || request.KeyName is not null || request.Passphrase is not null)
                    errors.Add("auth_type", "Is password: give no private_key, key_name or passphrase.");
                return record with { AuthType = type, Password = PasswordOf(id, request, present, errors) };
            case ServerAuthType.Key:
                if (request.Password is not null)
                    errors.Add("auth_type", "Is key: give no password.");
                return await WithKeyAsync(record with { AuthType = type }, id, request, present, errors, cancel);
            default:
                errors.Add("auth_type", "Give password or key, and the credential.");
                return record;
        }
    }

    private string? PasswordOf(string id, ServerRequest request, ServerRecord? present, Errors errors)
    {
        if (request.Password is null && present?.Password is { } kept)
            return kept;
        if (request.Password is { Length: >= 1 and <= 1024 } password && !password.Contains('\0'))
            return ring.Seal(ServerEntry.SecretOwner(id, "password"), password);
        errors.Add("password", "Must be 1 to 1024 characters.");
        return null;
    }

    private async ValueTask<ServerRecord> WithKeyAsync(
        ServerRecord record, string id, ServerRequest request, ServerRecord? present, Errors errors, CancellationToken cancel)
    {
        string? passphrase = request.Passphrase is null
            ? present?.Passphrase
            : request.Passphrase.Length is 0 ? null : ring.Seal(ServerEntry.SecretOwner(id, "passphrase"), request.Passphrase);
        if (request.Passphrase is { Length: > 1024 })
            errors.Add("passphrase", "Must be at most 1024 characters.");
        if (request.PrivateKey is not null && request.KeyName is not null)
            errors.Add("private_key", "Cannot be given together with key_name.");

        if (request.KeyName is { } name)
        {
            if (await keys.FindAsync(name, cancel) is not { } key)
            {
                errors.Add("key_name", $"There is no uploaded key '{name}'.");
                return record;
            }

            CheckUnlocks(keys.Open(key), request.Passphrase ?? keys.OpenPassphrase(key), "key_name", errors);
            return record with { KeyId = key.Id, Passphrase = request.Passphrase is null ? null : passphrase };
        }

        if (request.PrivateKey is { } text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            CheckUnlocks(bytes, request.Passphrase, "private_key", errors);
            return record with { PrivateKey = ring.Seal(ServerEntry.SecretOwner(id, "private_key"), bytes), Passphrase = request.Passphrase is null ? null : passphrase };
        }

        if (present?.PrivateKey is null && present?.KeyId is null)
            errors.Add("private_key", "Give private_key or key_name.");
        return record with { PrivateKey = present?.PrivateKey, KeyId = present?.KeyId, Passphrase = passphrase };
    }

    private void CheckUnlocks(byte[] key, string? passphrase, string field, Errors errors)
    {
        try
        {
            if (!inspector.Inspect(key, passphrase).Unlocked)
                errors.Add("passphrase", passphrase is null ? "The key wants a passphrase." : "Does not fit the key.");
        }
        catch (FormatException e)
        {
            errors.Add(field, e.Message);
        }
    }
}
