using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Cli.Verbs.Run;
using Drover.Schedules;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Schedules;

/// <summary><c>drover schedule …</c>: jobs that are run again and again.</summary>
internal static class ScheduleVerbs
{
    public static Command Make() => Verb.Make("schedule", "jobs at set times: add, list, pause, run now", "drover schedule list",
        List(), Add(), Show(), Next(), RunNow(),
        Switch("pause", "stop firing; what is missed meanwhile is not caught up"), Switch("resume", "go on firing"), Remove());

    private static Argument<string> Name() => new("SCHEDULE") { HelpName = "SCHEDULE", Description = "its name or id", CompletionSources = { Completion.Schedules } };

    private static string PathOf(ParseResult parsed, Argument<string> name, string verb = "") =>
        $"schedules/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}{verb}";

    private static Command List() => Verb.Make("list", "list the schedules", "drover schedule list").Calls(async (_, call) =>
    {
        var all = await AllAsync(call.Client, call.Cancel);
        if (call.Screen.Json)
        {
            Screen.PrintJson(new ScheduleListResponse { Items = all });
            return 0;
        }

        if (all.Count == 0)
        {
            call.Screen.Note("No schedules yet: drover schedule add NAME --cron '30 2 * * *' -- COMMAND");
            return 0;
        }

        var table = new TextTable().Add("schedule", cutTo: 16).Add("state").Add("cron").Add("zone", cutTo: 8, dropRank: 3).Add("next", right: true).Add("last", right: true, dropRank: 2).Add("what", cutTo: 12, dropRank: 1);
        foreach (var schedule in all)
        {
            string state = schedule.Paused ? "[yellow]paused[/]" : schedule.LastError is not null ? "[red]trouble[/]" : schedule.Due is not null ? "[blue]waiting[/]" : "[green]on[/]";
            table.Row(Words.Cell(schedule.Name), state, Words.Cell(schedule.Cron), Words.Cell(schedule.Timezone),
                schedule.NextAt is { } next ? $"in {Words.Duration((next - Call.Now).TotalSeconds)}" : "-",
                schedule.LastAt is { } last ? Words.Ago(last, Call.Now) : "-", Words.Cell(schedule.Preview));
        }

        call.Screen.Write(table);
        return 0;
    });

    private static Command Add()
    {
        var options = new RunOptions();
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "what it is called" };
        var cron = new Option<string>("--cron") { Description = "when: 'minute hour day month weekday', or with the second first", HelpName = "EXPRESSION", Required = true };
        var zone = new Option<string?>("--timezone", "-z") { Description = "the time zone of the expression, such as Europe/Berlin; else UTC", HelpName = "ZONE" };
        var catchUp = new Option<CatchUpPolicy?>("--catch-up") { Description = "firings missed while Drover was down: skip them (the default), run one, run all", HelpName = "skip|one|all" };
        var overlap = new Option<OverlapPolicy?>("--overlap") { Description = "while the last job runs: skip (the default), queue one, allow both, cancel the old", HelpName = "skip|queue|allow|cancel" };
        var jitter = new Option<string?>("--jitter") { Description = "put each firing off by up to so long, such as 30s", HelpName = "DURATION" };
        var script = new Option<string?>("--script") { Description = "a script's file in place of a command, or - for standard input; its arguments after --", HelpName = "FILE" };
        var words = new Argument<string[]>("COMMAND") { Arity = ArgumentArity.ZeroOrMore, Description = "after --, as with drover run" };
        return Verb.Make("add", "add a schedule",
            "drover schedule add backup --cron '30 2 * * *' --timezone Europe/Berlin --on db-1 -- /usr/local/bin/backup\ndrover schedule add cleanup --cron @daily --script clean.sh",
            [cron, zone, catchUp, overlap, jitter, script, .. options.ForSchedules, name, words])
            .Usage("drover schedule add NAME --cron EXPRESSION [options] [-- COMMAND...]")
            .Calls(async (parsed, call) =>
            {
                string[] command = parsed.GetValue(words) ?? [];
                string? file = parsed.GetValue(script);
                if (file is null && command.Length == 0)
                    throw new UsageException("Give a command after --, or a script with --script FILE.");
                var servers = (await Resolve.ServersAsync(call, options.Servers(parsed))).Select(server => server.Name).ToList();
                if (servers.Count > 1 || options.Tags(parsed).Count > 0)
                    throw new UsageException("A schedule runs on one server; add one for each.");
                var job = RunVerb.Single(options.Read(parsed), servers.FirstOrDefault("local"));
                job = file is null
                    ? job with { Command = command[0], Args = command.Length > 1 ? new JobArgs(command[1..]) : null }
                    : job with { Script = await RunVerb.ScriptAsync(file, call), Args = command.Length > 0 ? new JobArgs(command) : null };
                var made = await call.Client.SendAsync<ScheduleRequest, ScheduleResponse>(HttpMethod.Post, "schedules", new()
                {
                    Name = parsed.GetRequiredValue(name),
                    Cron = parsed.GetRequiredValue(cron),
                    Timezone = parsed.GetValue(zone),
                    CatchUp = parsed.GetValue(catchUp),
                    Overlap = parsed.GetValue(overlap),
                    Jitter = parsed.Seconds(jitter),
                    Job = job,
                }, call.Cancel);
                return call.Screen.Answer(made, Told);
            });
    }

    private static Command Show()
    {
        var name = Name();
        return Verb.Make("show", "show a schedule and its next times", "drover schedule show backup", name).Calls(async (parsed, call) =>
        {
            var schedule = await call.Client.GetAsync<ScheduleResponse>(PathOf(parsed, name), call.Cancel);
            if (call.Screen.Json)
            {
                Screen.PrintJson(schedule);
                return 0;
            }

            call.Screen.Line($"schedule   {schedule.Name}{(schedule.Paused ? ", paused" : "")}");
            call.Screen.Line($"when       {schedule.Cron} ({schedule.Timezone}){(schedule.Jitter > 0 ? $", up to {Words.Duration(schedule.Jitter)} later" : "")}");
            call.Screen.Line($"what       {schedule.Preview}{(schedule.Job.ServerId is { } server ? $" on {server}" : "")}");
            call.Screen.Line($"if missed  {schedule.CatchUp.ToString().ToLowerInvariant()}; while the last job runs: {schedule.Overlap.ToString().ToLowerInvariant()}");
            call.Screen.Line($"last       {(schedule.LastAt is { } last ? $"{Words.Ago(last, Call.Now)}, job {schedule.LastJobId}" : "never")}");
            if (schedule.Skipped > 0)
                call.Screen.Line($"left out   {schedule.Skipped} times");
            if (schedule.LastError is { } error)
                call.Screen.Line($"trouble    {error}");
            await PrintTimesAsync(call, PathOf(parsed, name, "/next"), "next       ");
            return 0;
        });
    }

    private static Command Next()
    {
        var name = Name();
        return Verb.Make("next", "print a schedule's next ten times", "drover schedule next backup", name).Calls(async (parsed, call) =>
        {
            if (call.Screen.Json)
                Screen.PrintJson(await call.Client.GetAsync<ScheduleTimesResponse>(PathOf(parsed, name, "/next"), call.Cancel));
            else
                await PrintTimesAsync(call, PathOf(parsed, name, "/next"), "");
            return 0;
        });
    }

    private static Command RunNow()
    {
        var name = Name();
        var detach = new Option<bool>("--detach", "-d") { Description = "print the job's id and leave it to run" };
        return Verb.Make("run", "run a schedule's job now and watch it", "drover schedule run backup", detach, name).Calls(async (parsed, call) =>
            await RunVerb.FollowNewAsync(call, await call.Client.CreateAsync<JobResponse>(PathOf(parsed, name, "/run"), static () => null, call.Cancel), parsed.GetValue(detach)));
    }

    private static Command Switch(string verb, string description)
    {
        var name = Name();
        return Verb.Make(verb, description, $"drover schedule {verb} backup", name).Calls(async (parsed, call) =>
            call.Screen.Answer(await call.Client.PostAsync<ScheduleResponse>(PathOf(parsed, name, "/" + verb), call.Cancel), Told));
    }

    private static Command Remove()
    {
        var name = Name();
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make("rm", "remove a schedule; its jobs stay", "drover schedule rm backup", yes, name).Calls(async (parsed, call) =>
        {
            if (!call.Screen.Confirm($"Remove the schedule {parsed.GetRequiredValue(name)}? Jobs it has enqueued stay.", parsed.GetValue(yes)))
                return ExitCodes.Other;
            await call.Client.DeleteAsync(PathOf(parsed, name), call.Cancel);
            call.Screen.Note("Removed.");
            return 0;
        });
    }

    /// <summary>Every schedule, page after page.</summary>
    public static async Task<IReadOnlyList<ScheduleResponse>> AllAsync(DroverClient client, CancellationToken cancel)
    {
        var all = new List<ScheduleResponse>();
        string? cursor = null;
        do
        {
            var page = await client.GetAsync<ScheduleListResponse>("schedules?limit=500" + (cursor is null ? "" : $"&cursor={cursor}"), cancel);
            all.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return all;
    }

    private static string Told(ScheduleResponse schedule) => schedule.Paused
        ? $"{schedule.Name} is paused."
        : schedule.NextAt is { } next ? $"{schedule.Name} fires next in {Words.Duration((next - Call.Now).TotalSeconds)}, at {next:yyyy-MM-dd HH:mm:ss} UTC." : $"{schedule.Name} will not fire again.";

    private static async Task PrintTimesAsync(Call call, string path, string lead)
    {
        foreach (string time in (await call.Client.GetAsync<ScheduleTimesResponse>(path, call.Cancel)).Local)
        {
            call.Screen.Line(lead + time);
            lead = new string(' ', lead.Length);
        }
    }
}
