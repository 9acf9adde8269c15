using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs;

/// <summary><c>drover limit …</c></summary>
internal static class LimitVerbs
{
    public static Command Make() => Verb.Make("limit", "limits on how many jobs of a queue or a key run at once and start in a time", "drover limit set queue:mail --running 5 --rate 100/1m", List(), Set(), Lift());

    private static Argument<string> Key() => new("KEY") { HelpName = "KEY", Description = "queue:NAME for a queue, key:KEY for tasks with that limit key" };

    private static Command List() => Verb.Make("list", "list the limits", "drover limit list").Calls(async (_, call) =>
    {
        var limits = await call.Client.GetAsync<LimitListResponse>("limits", call.Cancel);
        if (call.Screen.Json)
        {
            Screen.PrintJson(limits);
            return 0;
        }

        if (limits.Items.Count == 0)
        {
            call.Screen.Note("No limits are set.");
            return 0;
        }

        var table = new TextTable().Add("key", cutTo: 16).Add("running", right: true).Add("rate", right: true);
        foreach (var limit in limits.Items)
            table.Row(Words.Cell(limit.Key), limit.MaxRunning?.ToString(CultureInfo.InvariantCulture) ?? "-", limit.Rate is null ? "-" : Words.Cell(RateText(limit.Rate)));
        call.Screen.Write(table);
        return 0;
    });

    private static Command Set()
    {
        var key = Key();
        var running = new Option<int?>("--running", "-r") { Description = "how many may run at once; 0 parks them all", HelpName = "N" };
        var rate = new Option<string?>("--rate") { Description = "how many may start in a time, such as 100/1m", HelpName = "N/DURATION" };
        return Verb.Make("set", "set a limit in place of the one that the key has", "drover limit set queue:mail --running 5 --rate 100/1m", running, rate, key).Calls(async (parsed, call) =>
        {
            var request = new LimitRequest { MaxRunning = parsed.GetValue(running), Rate = RateOf(parsed.GetValue(rate)) };
            if (request is { MaxRunning: null, Rate: null })
                throw new UsageException("Give --running, --rate or both. To lift a limit: drover limit rm KEY.");
            return call.Screen.Answer(await call.Client.SendAsync<LimitRequest, LimitResponse>(HttpMethod.Put, $"limits/{Uri.EscapeDataString(parsed.GetRequiredValue(key))}", request, call.Cancel), Text);
        });
    }

    private static Command Lift()
    {
        var key = Key();
        return Verb.Make("rm", "lift a limit", "drover limit rm queue:mail", key).Calls(async (parsed, call) =>
        {
            await call.Client.DeleteAsync($"limits/{Uri.EscapeDataString(parsed.GetRequiredValue(key))}", call.Cancel);
            call.Screen.Note($"{parsed.GetRequiredValue(key)} has no limit.");
            return 0;
        });
    }

    private static RateBody? RateOf(string? text)
    {
        if (text is null)
            return null;
        string[] parts = text.Split('/');
        if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && Units.TryDuration(parts[1], out var per))
            return new() { Count = count, Per = per.TotalSeconds };
        throw new UsageException($"--rate must be a number and a duration, such as 100/1m, not '{text}'.");
    }

    private static string Text(LimitResponse limit) => $"{limit.Key}: " + string.Join(", ", new[]
    {
        limit.MaxRunning is { } most ? $"{Words.Count(most, "job")} at once" : null,
        limit.Rate is { } rate ? $"{RateText(rate)} started" : null,
    }.OfType<string>()) + ".";

    private static string RateText(RateBody rate) => string.Create(CultureInfo.InvariantCulture, $"{rate.Count} per {Words.Duration(rate.Per)}");
}
