using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Servers;

/// <summary>The options that describe a server, for <c>add</c> and <c>edit</c>.</summary>
internal sealed class ServerFields
{
    private readonly Option<string?> _host = new("--host") { Description = "host name or address", HelpName = "HOST" };
    private readonly Option<int?> _port = new("--port") { Description = "port; 22 if not given", HelpName = "PORT" };
    private readonly Option<string?> _user = new("--user") { Description = "the user to sign in as", HelpName = "USER" };
    private readonly Option<string?> _key = new("--key") { Description = "a private key file; it is stored encrypted", HelpName = "FILE" };
    private readonly Option<string?> _keyName = new("--key-name") { Description = "an uploaded key (`drover key add`)", HelpName = "NAME", CompletionSources = { Completion.Keys } };
    private readonly Option<bool> _passphrase = new("--passphrase") { Description = "ask for the key's passphrase (or read it from DROVER_PASSPHRASE); a key that wants one is asked about anyway" };
    private readonly Option<bool> _password = new("--password") { Description = "sign in with a password; it is asked for (or read from DROVER_PASSWORD)" };
    private readonly Option<string[]> _tag = new("--tag") { Description = "a tag; may be given more than once", HelpName = "TAG" };
    private readonly Option<string?> _hostKey = new("--host-key") { Description = "the host key to trust, as in known_hosts: 'ssh-ed25519 AAAA…'", HelpName = "KEY" };
    private readonly Option<string?> _jump = new("--jump") { Description = "the server through which it is reached; '' for none", HelpName = "SERVER", CompletionSources = { Completion.Servers } };
    private readonly Option<int?> _max = new("--max-concurrency") { Description = "how many jobs may run on it at once", HelpName = "N" };
    private readonly Option<bool?> _active = new("--active") { Description = "false switches it off: its jobs wait", HelpName = "true|false" };

    public IEnumerable<Option> All => [_host, _port, _user, _key, _keyName, _passphrase, _password, _tag, _hostKey, _jump, _max, _active];

    /// <summary>What the options change of a server.</summary>
    public async Task<ServerRequest> ReadAsync(ParseResult parsed, Call call, ServerRequest server)
    {
        string? key = parsed.GetValue(_key);
        string? keyName = parsed.GetValue(_keyName);
        bool password = parsed.GetValue(_password);
        if ((key is null ? 0 : 1) + (keyName is null ? 0 : 1) + (password ? 1 : 0) > 1)
            throw new UsageException("Give only one of --key, --key-name and --password.");
        server = server with
        {
            Hostname = parsed.GetValue(_host) ?? server.Hostname,
            Port = parsed.GetValue(_port) ?? server.Port,
            User = parsed.GetValue(_user) ?? server.User,
            Tags = parsed.GetValue(_tag) is { Length: > 0 } tags ? tags : server.Tags,
            HostKey = parsed.GetValue(_hostKey),
            JumpServerId = await JumpAsync(call, parsed.GetValue(_jump), server.JumpServerId),
            MaxConcurrency = parsed.GetValue(_max) ?? server.MaxConcurrency,
            IsActive = parsed.GetValue(_active) ?? server.IsActive,
            Passphrase = parsed.GetValue(_passphrase) ? Secret("DROVER_PASSPHRASE", "Passphrase") : null,
        };
        if (password)
            return server with { AuthType = ServerAuthType.Password, KeyName = null, Password = Secret("DROVER_PASSWORD", "Password") };
        if (key is not null)
            return server with { AuthType = ServerAuthType.Key, KeyName = null, PrivateKey = await KeyFile.ReadAsync(key, call.Cancel) };
        return keyName is null ? server : server with { AuthType = ServerAuthType.Key, KeyName = keyName };
    }

    /// <summary>Sends what was read; a key that turns out to want a passphrase gets it from where <c>--passphrase</c> has it.</summary>
    public static async Task<ServerResponse> SendAsync(ServerRequest server, Func<ServerRequest, Task<ServerResponse>> send)
    {
        try
        {
            return await send(server);
        }
        catch (ApiException locked) when (server.Passphrase is null && locked.ConcernsOnly("passphrase"))
        {
            return await send(server with { Passphrase = Secret("DROVER_PASSPHRASE", "Passphrase of the key") });
        }
    }

    private static async Task<string?> JumpAsync(Call call, string? text, string? before) => text switch
    {
        null => before,
        "" => null,
        _ => (await Resolve.ServerAsync(call, text)).Id,
    };

    /// <summary>A secret never stands on a command line, where every process list shows it.</summary>
    private static string Secret(string variable, string name)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given)
            return given;
        if (!Screen.IsInteractive)
            throw new UsageException($"{name} needed: give it in the environment variable {variable}, or run this on a terminal to be asked.");
        Console.Error.Write(name + ": ");
        var text = new System.Text.StringBuilder();
        for (ConsoleKeyInfo key; (key = Console.ReadKey(intercept: true)).Key != ConsoleKey.Enter;)
        {
            if (key.Key == ConsoleKey.Backspace && text.Length > 0)
                text.Length--;
            else if (key.KeyChar >= ' ')
                text.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return text.ToString();
    }
}

/// <summary>Reads private key files.</summary>
internal static class KeyFile
{
    public static async Task<string> ReadAsync(string path, CancellationToken cancel)
    {
        if (path.StartsWith("~/", StringComparison.Ordinal))
            path = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]);
        try
        {
            return await File.ReadAllTextAsync(path, cancel);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The key {path} cannot be read: {unreadable.Message}");
        }
    }
}
