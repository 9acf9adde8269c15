using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Servers;

/// <summary>What a look at servers finds: <c>drover server test</c>, <c>status</c> and <c>trust</c>.</summary>
internal static class ServerChecks
{
    public static Command Test()
    {
        var name = ServerVerbs.Name();
        return Verb.Make("test", "connect, sign in and run true, step by step", "drover server test web-1", name).Calls(async (parsed, call) =>
        {
            var server = await Resolve.ServerAsync(call, parsed.GetRequiredValue(name));
            var test = await call.Client.PostAsync<ServerTestResponse>($"servers/{server.Id}/test", call.Cancel);
            if (call.Screen.Json)
            {
                Screen.PrintJson(test);
                return test.Ok ? 0 : ExitCodes.Other;
            }

            var table = new TextTable().Add("step").Add("").Add("took", right: true).Add("found", cutTo: 30);
            foreach (var step in test.Steps)
            {
                table.Row(Words.Cell(step.Name.Replace('_', ' ')), step.Ok ? "[green]✓[/]" : "[red]✗[/]",
                    Words.Milliseconds(step.DurationMs), step.Ok ? Words.Cell(step.Detail) : "");
            }

            call.Screen.Write(table);
            // Why it failed, and what to do, is worth a whole line.
            if (test.Steps.FirstOrDefault(step => !step.Ok) is { } failed)
                call.Screen.Complain($"{server.Name}: {failed.Detail ?? failed.Reason}");
            if (test.Steps.Any(step => step.Reason is FailureReasons.HostKeyChanged or FailureReasons.HostKeyUnknown))
                call.Screen.Note($"If that key is right: drover server trust {server.Name} {test.HostKeyFingerprint}");
            return test.Ok ? 0 : ExitCodes.Other;
        });
    }

    public static Command Status()
    {
        var names = new Argument<string[]>("SERVER") { HelpName = "SERVER", Arity = ArgumentArity.ZeroOrMore, Description = "servers by name or id; all when none is given", CompletionSources = { Completion.Servers } };
        return Verb.Make("status", "check which servers can be reached now", "drover server status", names).Calls(async (parsed, call) =>
        {
            var ids = (await Resolve.ServersAsync(call, parsed.GetValue(names) ?? [])).Select(server => server.Id).ToList();
            var answer = await call.Client.SendAsync<ServerBulkStatusRequest, ServerStatusListResponse>(
                HttpMethod.Post, "servers/bulk/status", new ServerBulkStatusRequest { ServerIds = ids.Count > 0 ? ids : null }, call.Cancel);
            if (call.Screen.Json)
            {
                Screen.PrintJson(answer);
                return answer.Items.All(status => status.Ok) ? 0 : ExitCodes.Other;
            }

            var table = new TextTable().Add("server").Add("").Add("took", right: true).Add("why", cutTo: 30, dropRank: 1);
            foreach (var status in answer.Items)
                table.Row(Words.Cell(status.ServerName), status.Ok ? "[green]✓ ok[/]" : "[red]✗ failed[/]", Words.Milliseconds(status.LatencyMs), Words.Cell(Words.Short(status.Error, 300)));
            call.Screen.Write(table);
            return answer.Items.All(status => status.Ok) ? 0 : ExitCodes.Other;
        });
    }

    public static Command Trust()
    {
        var name = ServerVerbs.Name();
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

            return call.Screen.Answer(await call.Client.SendAsync<HostKeyRequest, ServerResponse>(HttpMethod.Post, $"servers/{server.Id}/host-key", new HostKeyRequest { Fingerprint = expected }, call.Cancel),
                s => $"{s.Name} is trusted with {s.HostKeyFingerprint}.");
        });
    }
}
