using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs;

/// <summary><c>drover server …</c></summary>
internal static class ServerVerbs
{
    public static Command Make() => Verb.Make("server", "the servers that commands run on", "drover server list", Add(), List(), Show(), Test(), Status(), Trust(), Edit(), Remove());

    private static Argument<string> Name() => new("SERVER") { Description = "the server's name or id", CompletionSources = { Completion.Servers } };

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "a name for it" };
        var fields = new ServerFields();
        return Verb.Make("add", "add a server", "drover server add web-1 --host 10.0.0.11 --user deploy --key ~/.ssh/id_ed25519 --tag web", [.. fields.All, name])
            .Calls(async (parsed, call) =>
            {
                var request = await fields.ReadAsync(parsed, call, new ServerRequest { Name = parsed.GetRequiredValue(name) });
                if (request.Hostname is null)
                    throw new UsageException("--host is missing: the server's host name or address.");
                if (request is { Password: null, PrivateKey: null, KeyName: null })
                    throw new UsageException("Say how to sign in: --key FILE, --key-name NAME of an uploaded key, or --password.");
                return Print(call, await call.Client.SendAsync<ServerRequest, ServerResponse>(HttpMethod.Post, "servers", request, call.Cancel),
                    s => $"Added {s.Name}. Try it: drover server test {s.Name}");
            });
    }

    private static Command List() => Verb.Make("list", "list the servers", "drover server list").Calls(async (_, call) =>
    {
        var servers = await Resolve.ServersAsync(call);
        if (call.Screen.Json)
        {
            Screen.PrintJson(new ServerListResponse { Items = servers });
            return 0;
        }

        var table = Screen.Table("name", "address", "sign-in", "tags", "state", "last check");
        foreach (var server in servers)
        {
            table.AddRow(Words.Cell(server.Name), Words.Cell(Address(server)), Words.Cell(SignIn(server)), Words.Cell(string.Join(", ", server.Tags)),
                server.IsActive ? "[green]on[/]" : "[grey]off[/]", Check(server.Status));
        }

        call.Screen.Out.Write(table);
        if (servers.Count <= 1)
            call.Screen.Note("Add one: drover server add web-1 --host 10.0.0.11 --user deploy --key ~/.ssh/id_ed25519");
        return 0;
    });

    private static Command Show()
    {
        var name = Name();
        return Verb.Make("show", "show a server", "drover server show web-1", name).Calls(async (parsed, call) =>
        {
            var server = await Resolve.ServerAsync(call, parsed.GetRequiredValue(name));
            if (call.Screen.Json)
            {
                Screen.PrintJson(server);
                return 0;
            }

            var grid = new Grid().AddColumn(new GridColumn { Padding = new Padding(0, 0, 3, 0), NoWrap = true }).AddColumn();
            foreach (var (label, value) in new[]
            {
                ("name", server.Name), ("id", server.Id), ("address", Address(server)), ("sign-in", SignIn(server)), ("tags", string.Join(", ", server.Tags)),
                ("state", server.IsActive ? "on" : "off"), ("host key", server.HostKeyFingerprint ?? ""), ("jump server", server.JumpServerId ?? ""),
                ("at once", server.MaxConcurrency?.ToString(CultureInfo.InvariantCulture) ?? ""),
            })
            {
                if (value.Length > 0)
                    grid.AddRow($"[grey]{label}[/]", Words.Cell(value));
            }

            grid.AddRow("[grey]last check[/]", Check(server.Status));
            call.Screen.Out.Write(grid);
            return 0;
        });
    }

    private static Command Test()
    {
        var name = Name();
        return Verb.Make("test", "connect, sign in and run true, step by step", "drover server test web-1", name).Calls(async (parsed, call) =>
        {
            var server = await Resolve.ServerAsync(call, parsed.GetRequiredValue(name));
            var test = await call.Client.PostAsync<ServerTestResponse>($"servers/{server.Id}/test", call.Cancel);
            if (call.Screen.Json)
            {
                Screen.PrintJson(test);
                return test.Ok ? 0 : ExitCodes.Other;
            }

            var table = Screen.Table("step", "", "took", "");
            foreach (var step in test.Steps)
            {
                table.AddRow(Words.Cell(step.Name.Replace('_', ' ')), step.Ok ? "[green]✓[/]" : "[red]✗[/]",
                    string.Create(CultureInfo.InvariantCulture, $"{step.DurationMs:0.#}ms"), Words.Cell(step.Detail));
            }

            call.Screen.Out.Write(table);
            if (test.Steps.Any(step => step.Reason is Jobs.FailureReasons.HostKeyChanged or Jobs.FailureReasons.HostKeyUnknown))
                call.Screen.Note($"If the new key is right: drover server trust {server.Name} {test.HostKeyFingerprint}");
            return test.Ok ? 0 : ExitCodes.Other;
        });
    }

    private static Command Status()
    {
        var names = new Argument<string[]>("SERVER") { Arity = ArgumentArity.ZeroOrMore, Description = "servers by name or id; all when none is given", CompletionSources = { Completion.Servers } };
        return Verb.Make("status", "check which servers can be reached now", "drover server status", names).Calls(async (parsed, call) =>
        {
            var ids = new List<string>();
            foreach (string name in parsed.GetValue(names) ?? [])
                ids.Add((await Resolve.ServerAsync(call, name)).Id);
            var answer = await call.Client.SendAsync<ServerBulkStatusRequest, ServerStatusListResponse>(
                HttpMethod.Post, "servers/bulk/status", new ServerBulkStatusRequest { ServerIds = ids.Count > 0 ? ids : null }, call.Cancel);
            if (call.Screen.Json)
            {
                Screen.PrintJson(answer);
                return answer.Items.All(status => status.Ok) ? 0 : ExitCodes.Other;
            }

            var table = Screen.Table("server", "", "took", "");
            foreach (var status in answer.Items)
                table.AddRow(Words.Cell(status.ServerName), status.Ok ? "[green]✓ ok[/]" : "[red]✗ failed[/]", string.Create(CultureInfo.InvariantCulture, $"{status.LatencyMs:0}ms"), Words.Cell(status.Error));
            call.Screen.Out.Write(table);
            return answer.Items.All(status => status.Ok) ? 0 : ExitCodes.Other;
        });
    }

    private static Command Trust()
    {
        var name = Name();
        var fingerprint = new Argument<string?>("FINGERPRINT") { Arity = ArgumentArity.ZeroOrOne, Description = "the fingerprint you expect (SHA256:…); without it you are asked" };
        var yes = new Option<bool>("--yes", "-y") { Description = "trust what the server shows without being asked" };
        return Verb.Make("trust", "trust the host key that a server shows", "drover server trust web-1", yes, name, fingerprint).Calls(async (parsed, call) =>
        {
            var server = await Resolve.ServerAsync(call, parsed.GetRequiredValue(name));
            string? expected = parsed.GetValue(fingerprint);
            if (expected is null)
            {
                var test = await call.Client.PostAsync<ServerTestResponse>($"servers/{server.Id}/test", call.Cancel);
                expected = test.HostKeyFingerprint ?? throw new UsageException($"{server.Name} shows no host key now; `drover server test {server.Name}` tells why.");
                call.Screen.Note($"Trusted so far: {test.TrustedFingerprint ?? "none"}");
                call.Screen.Note($"Shown now:      {expected}");
                if (expected == test.TrustedFingerprint)
                {
                    call.Screen.Line("It is trusted already.");
                    return 0;
                }

                if (!call.Screen.Confirm($"Trust the key that {server.Name} shows now?", parsed.GetValue(yes)))
                    return ExitCodes.Other;
            }

            return Print(call, await call.Client.SendAsync<HostKeyRequest, ServerResponse>(HttpMethod.Post, $"servers/{server.Id}/host-key", new HostKeyRequest { Fingerprint = expected }, call.Cancel),
                s => $"{s.Name} is trusted with {s.HostKeyFingerprint}.");
        });
    }

    private static Command Edit()
    {
        var name = Name();
        var newName = new Option<string?>("--name") { Description = "a new name", HelpName = "NAME" };
        var fields = new ServerFields();
        return Verb.Make("edit", "change a server; what is not given stays", "drover server edit web-1 --max-concurrency 4", [newName, .. fields.All, name]).Calls(async (parsed, call) =>
        {
            var server = await Resolve.ServerAsync(call, parsed.GetRequiredValue(name));
            var same = new ServerRequest
            {
                Name = parsed.GetValue(newName) ?? server.Name,
                Hostname = server.Hostname,
                Port = server.Port,
                User = server.User,
                AuthType = server.AuthType,
                KeyName = server.KeyName,
                Tags = server.Tags,
                IsActive = server.IsActive,
                JumpServerId = server.JumpServerId,
                MaxConcurrency = server.MaxConcurrency,
            };
            return Print(call, await call.Client.SendAsync<ServerRequest, ServerResponse>(HttpMethod.Put, $"servers/{server.Id}", await fields.ReadAsync(parsed, call, same), call.Cancel),
                s => $"Changed {s.Name}.");
        });
    }

    private static Command Remove()
    {
        var name = Name();
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make("rm", "remove a server", "drover server rm web-1", yes, name).Calls(async (parsed, call) =>
        {
            var server = await Resolve.ServerAsync(call, parsed.GetRequiredValue(name));
            if (!call.Screen.Confirm($"Remove the server {server.Name} ({Address(server)}) and its credentials?", parsed.GetValue(yes)))
                return ExitCodes.Other;
            await call.Client.DeleteAsync($"servers/{server.Id}", call.Cancel);
            call.Screen.Line($"Removed {server.Name}.");
            return 0;
        });
    }

    private static int Print(Call call, ServerResponse server, Func<ServerResponse, string> text)
    {
        if (call.Screen.Json)
            Screen.PrintJson(server);
        else
            call.Screen.Line(text(server));
        return 0;
    }

    private static string Address(ServerResponse server) => server.Kind == ServerKind.Local ? "this machine" : $"{server.User}@{server.Hostname}" + (server.Port is null or 22 ? "" : $":{server.Port}");

    private static string SignIn(ServerResponse server) => server.Kind == ServerKind.Local ? "" : server.KeyName is { } key ? $"key {key}" : server.HasPrivateKey ? "key" : "password";

    private static string Check(ServerStatusResponse? status) => status switch
    {
        null => "[grey]never[/]",
        { Ok: true } => $"[green]✓[/] {Words.Ago(status.CheckedAt, Call.Now)}, {status.LatencyMs.ToString("0", CultureInfo.InvariantCulture)}ms",
        _ => $"[red]✗ {Words.Cell(status.Reason)}[/] {Words.Ago(status.CheckedAt, Call.Now)}",
    };
}
