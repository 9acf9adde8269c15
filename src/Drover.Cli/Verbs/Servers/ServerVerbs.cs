using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs.Servers;

/// <summary><c>drover server …</c></summary>
internal static class ServerVerbs
{
    public static Command Make() => Verb.Make("server", "the servers that commands run on", "drover server list",
        Add(), List(), Show(), ServerChecks.Test(), ServerChecks.Status(), ServerChecks.Trust(), Edit(), Remove());

    internal static Argument<string> Name() => new("SERVER") { HelpName = "SERVER", Description = "the server's name or id", CompletionSources = { Completion.Servers } };

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "a name for it" };
        var fields = new ServerFields();
        return Verb.Make("add", "add a server", "drover server add web-1 --host 10.0.0.11 --user deploy --key ~/.ssh/id_ed25519 --tag web", [.. fields.All, name])
            .Calls(async (parsed, call) =>
            {
                var request = await fields.ReadAsync(parsed, call, new ServerRequest { Name = parsed.GetRequiredValue(name) });
                if (request.Hostname is null)
                    throw new UsageException("--host is missing: the server's host name or address.");
                if (request is { Password: null, PrivateKey: null, KeyName: null })
                    throw new UsageException("Say how to sign in: --key FILE, --key-name NAME of an uploaded key, or --password.");
                var added = await ServerFields.SendAsync(request, server => call.Client.CreateAsync<ServerRequest, ServerResponse>("servers", server, call.Cancel));
                return call.Screen.Answer(added, s => $"Added {s.Name}. Try it: drover server test {s.Name}");
            });
    }

    private static Command List() => Verb.Make("list", "list the servers", "drover server list").Calls(async (_, call) =>
    {
        var servers = await Resolve.AllServersAsync(call);
        if (call.Screen.Json)
        {
            Screen.PrintJson(new ServerListResponse { Items = servers });
            return 0;
        }

        var table = new TextTable().Add("name").Add("address", cutTo: 15).Add("sign-in", dropRank: 3).Add("tags", cutTo: 10, dropRank: 2).Add("state").Add("last check", cutTo: 12, dropRank: 1);
        foreach (var server in servers)
        {
            table.Row(Words.Cell(server.Name), Words.Cell(Address(server)), Words.Cell(SignIn(server)), Words.Cell(string.Join(", ", server.Tags)),
                server.IsActive ? "[green]on[/]" : "[grey]off[/]", Check(server.Status));
        }

        call.Screen.Write(table);
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
            call.Screen.Write(grid);
            return 0;
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
            var changed = await ServerFields.SendAsync(
                await fields.ReadAsync(parsed, call, same),
                request => call.Client.SendAsync<ServerRequest, ServerResponse>(HttpMethod.Put, $"servers/{server.Id}", request, call.Cancel));
            return call.Screen.Answer(changed, s => $"Changed {s.Name}.");
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
            return call.Screen.Answer(server, removed => $"Removed {removed.Name}.");
        });
    }

    private static string Address(ServerResponse server) => server.Kind == ServerKind.Local ? "this machine" : $"{server.User}@{server.Hostname}" + (server.Port is null or 22 ? "" : $":{server.Port}");

    private static string SignIn(ServerResponse server) => server.Kind == ServerKind.Local ? "" : server.KeyName is { } key ? $"key {key}" : server.HasPrivateKey ? "key" : "password";

    private static string Check(ServerStatusResponse? status) => status switch
    {
        null => "[grey]never[/]",
        { Ok: true } => $"[green]✓[/] {Words.Ago(status.CheckedAt, Call.Now)}, {Words.Milliseconds(status.LatencyMs)}",
        _ => $"[red]✗[/] {Words.Ago(status.CheckedAt, Call.Now)}: {Words.Cell(status.Reason?.Replace('_', ' '))}",
    };
}
