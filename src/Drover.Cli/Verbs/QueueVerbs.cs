using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs;

/// <summary><c>drover queue …</c> and <c>drover worker …</c></summary>
internal static class QueueVerbs
{
    public static Command Queues() => Verb.Make("queue", "queues: their load, pause and resume", "drover queue list",
        List(), Stats(), Switch("pause", "stop leasing jobs from a queue; running ones go on"), Switch("resume", "go on leasing jobs from a queue"));

    public static Command Workers() => Verb.Make("worker", "workers: who they are, drain", "drover worker list", WorkerList(), Drain());

    private static Argument<string> Name() => new("QUEUE") { HelpName = "QUEUE", Description = "the queue", CompletionSources = { Completion.Queues } };

    private static Command List() => Verb.Make("list", "list the queues", "drover queue list").Calls(async (_, call) =>
    {
        var queues = await call.Client.GetAsync<QueueListResponse>("queues", call.Cancel);
        if (call.Screen.Json)
        {
            Screen.PrintJson(queues);
            return 0;
        }

        if (queues.Items.Count == 0)
        {
            call.Screen.Note("No queues yet: a queue appears with its first job.");
            return 0;
        }

        var table = new TextTable().Add("queue", cutTo: 12).Add("state").Add("ready", right: true).Add("running", right: true).Add("scheduled", right: true, dropRank: 1)
            .Add("retrying", right: true, dropRank: 2).Add("oldest", right: true, dropRank: 4).Add("rate", right: true, dropRank: 3).Add("p95 wait", right: true, dropRank: 5).Add("workers", right: true);
        foreach (var queue in queues.Items)
        {
            table.Row(Words.Cell(queue.Name), Words.State(queue), Words.Number(queue.QueueDepth), Words.Number(queue.Running), Words.Number(queue.Scheduled),
                Words.Number(queue.Retrying), Words.Duration(queue.Stats.OldestJobAge), string.Create(CultureInfo.InvariantCulture, $"{queue.Stats.ProcessingRate:0.#}/s"),
                Words.Duration(queue.Stats.P95WaitTime), Words.Number(queue.Stats.ActiveWorkers));
        }

        call.Screen.Write(table);
        return 0;
    });

    private static Command Stats()
    {
        var name = Name();
        return Verb.Make("stats", "show a queue's load and pace", "drover queue stats default", name).Calls(async (parsed, call) =>
        {
            var stats = await call.Client.GetAsync<QueueStatsResponse>($"queues/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}/stats", call.Cancel);
            if (call.Screen.Json)
            {
                Screen.PrintJson(stats);
                return 0;
            }

            call.Screen.Line($"ready          {stats.QueueDepth}");
            call.Screen.Line($"oldest         {(stats.OldestJobAge is null ? "-" : Words.Duration(stats.OldestJobAge))}");
            call.Screen.Line(string.Create(CultureInfo.InvariantCulture, $"rate           {stats.ArrivalRate:0.##} in and {stats.ProcessingRate:0.##} out a second over the last minute"));
            call.Screen.Line($"wait           {(stats.AverageWaitTime is null ? "-" : $"{Words.Duration(stats.AverageWaitTime)} on average, half within {Words.Duration(stats.P50WaitTime)}, 95% within {Words.Duration(stats.P95WaitTime)}")}");
            call.Screen.Line($"workers        {stats.ActiveWorkers}");
            foreach (var (priority, count) in stats.PriorityDistribution.Where(pair => pair.Value > 0))
                call.Screen.Line($"priority {priority,-5} {count}");
            return 0;
        });
    }

    private static Command Switch(string verb, string description)
    {
        var name = Name();
        return Verb.Make(verb, description, $"drover queue {verb} default", name).Calls(async (parsed, call) =>
        {
            return call.Screen.Answer(await call.Client.PostAsync<QueueResponse>($"queues/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}/{verb}", call.Cancel),
                queue => queue.Paused ? $"{queue.Name} is paused; {Words.Count(queue.QueueDepth, "job")} ready in it." : $"{queue.Name} is open.");
        });
    }

    private static Command WorkerList() => Verb.Make("list", "list the workers that are connected", "drover worker list").Calls(async (_, call) =>
    {
        var workers = await call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel);
        if (call.Screen.Json)
        {
            Screen.PrintJson(workers);
            return 0;
        }

        if (workers.Items.Count == 0)
        {
            call.Screen.Note("No worker is connected: jobs wait.");
            return 0;
        }

        var table = new TextTable().Add("worker", cutTo: 16).Add("state").Add("busy", right: true).Add("queues", cutTo: 12, dropRank: 1).Add("labels", cutTo: 10, dropRank: 2)
            .Add("version", dropRank: 4).Add("heartbeat", right: true, dropRank: 3);
        foreach (var worker in workers.Items)
        {
            table.Row(Words.Cell(worker.Id), worker.Draining ? "[yellow]draining[/]" : "[green]ready[/]", $"{worker.Busy}/{worker.Slots}", Words.Cell(string.Join(", ", worker.Queues)),
                Words.Cell(string.Join(", ", worker.Labels)), Words.Cell(worker.Version), Words.Ago(worker.LastHeartbeat, Call.Now));
        }

        call.Screen.Write(table);
        return 0;
    });

    private static Command Drain()
    {
        var id = new Argument<string>("WORKER") { HelpName = "WORKER", Description = "the worker's id", CompletionSources = { Completion.Workers } };
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make("drain", "let a worker finish what it has in hand and leave", "drover worker drain host-1", yes, id).Calls(async (parsed, call) =>
        {
            string name = parsed.GetRequiredValue(id);
            var workers = (await call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel)).Items;
            var worker = workers.FirstOrDefault(worker => worker.Id == name)
                ?? throw new UsageException($"There is no worker '{name}'.{Nearest.Hint(name, workers.Select(worker => worker.Id))}");
            if (!call.Screen.Confirm($"Drain {name}? It takes no new jobs until it is started anew.", parsed.GetValue(yes)))
                return ExitCodes.Other;
            await call.Client.PostAsync($"workers/{Uri.EscapeDataString(name)}/drain", call.Cancel);
            // With nothing in hand it may have left already.
            worker = (await call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel)).Items.FirstOrDefault(worker => worker.Id == name)
                ?? worker with { Draining = true, Busy = 0, Jobs = [] };
            return call.Screen.Answer(worker, drained => drained.Busy == 0 ? $"{drained.Id} has drained." : $"{drained.Id} is draining; {Words.Count(drained.Busy, "job")} in hand.");
        });
    }
}
