using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Drover.Cli.Verbs;

/// <summary><c>drover top</c>: queues, workers and running jobs, live.</summary>
internal static class TopVerb
{
    private const int LogLines = 12;

    public static Command Make() => Verb.Make("top", "a live view of queues, workers and running jobs", "drover top").Calls(async (_, call) =>
    {
        if (Console.IsOutputRedirected || Console.IsInputRedirected || call.Screen.Json)
            throw new UsageException("top needs a terminal; for machines there are `drover queue list --json`, `worker list --json` and `job list --status running --json`.");
        var view = new TopView();
        using var quit = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
        using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            quit.Cancel();
        });
        await AnsiConsole.Console.AlternateScreenAsync(() => AnsiConsole.Live(new Text("")).AutoClear(true).StartAsync(live => LoopAsync(call, view, live, quit)));
        return 0;
    });

    private static Task AlternateScreenAsync(this IAnsiConsole console, Func<Task> work)
    {
        var done = Task.CompletedTask;
        console.AlternateScreen(() => (done = work()).GetAwaiter().GetResult());
        return done;
    }

    private static async Task LoopAsync(Call call, TopView view, LiveDisplayContext live, CancellationTokenSource quit)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        for (int tick = 0; !quit.IsCancellationRequested; tick++)
        {
            bool pressed = false;
            while (Console.KeyAvailable)
            {
                pressed = true;
                if (!await PressAsync(call, view, Console.ReadKey(intercept: true)))
                    return;
            }

            if (pressed || tick % 10 == 0)
            {
                if (tick % 10 == 0)
                    await RefreshAsync(call, view);
                live.UpdateTarget(view.Draw());
            }

            try
            {
                await timer.WaitForNextTickAsync(quit.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<bool> PressAsync(Call call, TopView view, ConsoleKeyInfo key)
    {
        if (view.Asking)
        {
            view.Asking = false;
            if (key.KeyChar is 'y' or 'Y' && view.Selected is { } doomed)
                view.Message = await CancelAsync(call, doomed);
            return true;
        }

        switch (key.Key)
        {
            case ConsoleKey.Q:
                return false;
            case ConsoleKey.Escape:
                if (view.Log is null)
                    return false;
                view.Log = null;
                break;
            case ConsoleKey.DownArrow or ConsoleKey.J:
                view.Move(1);
                break;
            case ConsoleKey.UpArrow or ConsoleKey.K:
                view.Move(-1);
                break;
            case ConsoleKey.Enter when view.Selected is { } job:
                view.Log = view.Log == job.Id ? null : job.Id;
                await RefreshAsync(call, view);
                break;
            case ConsoleKey.C when view.Selected is not null:
                view.Asking = true;
                break;
        }

        return true;
    }

    private static async Task<string> CancelAsync(Call call, JobSummary job)
    {
        try
        {
            var request = new JobActionRequest { Action = JobAction.Cancel, Ids = [job.Id] };
            var answer = await call.Client.SendAsync<JobActionRequest, JobActionResponse>(HttpMethod.Post, "jobs/actions", request, call.Cancel);
            return answer.Changed > 0 ? "Asked it to end." : "It had ended already.";
        }
        catch (Exception failed) when (failed is ApiException or UnreachableException)
        {
            return failed.Message;
        }
    }

    private static async Task RefreshAsync(Call call, TopView view)
    {
        try
        {
            view.Queues = (await call.Client.GetAsync<QueueListResponse>("queues", call.Cancel)).Items;
            view.Workers = (await call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel)).Items;
            view.Counts = await call.Client.GetAsync<JobCountsResponse>("jobs/counts", call.Cancel);
            view.Jobs = (await call.Client.GetAsync<JobListResponse>("jobs?status=running&status=retrying&status=queued&limit=50", call.Cancel)).Items;
            view.Recent = (await call.Client.GetAsync<JobListResponse>("jobs?status=completed&status=failed&status=canceled&sort=-finished_at&limit=5", call.Cancel)).Items;
            if (view.Log is { } id)
                view.LogText = string.Concat((await call.Client.GetAsync<LogPageResponse>($"jobs/{id}/logs?last=true&limit=200", call.Cancel)).Entries.Select(entry => entry.Text));
            view.Away = null;
        }
        catch (Exception failed) when (failed is ApiException or UnreachableException)
        {
            view.Away = failed.Message;
        }
    }

    /// <summary>What is on the screen.</summary>
    private sealed class TopView
    {
        private int _cursor;

        public IReadOnlyList<QueueResponse> Queues { get; set; } = [];
        public IReadOnlyList<WorkerResponse> Workers { get; set; } = [];
        public IReadOnlyList<JobSummary> Jobs { get; set; } = [];
        public IReadOnlyList<JobSummary> Recent { get; set; } = [];
        public JobCountsResponse? Counts { get; set; }
        public Guid? Log { get; set; }
        public string LogText { get; set; } = "";
        public string? Away { get; set; }
        public string? Message { get; set; }
        public bool Asking { get; set; }

        private List<JobSummary> All => [.. Jobs, .. Recent];

        public JobSummary? Selected => All.ElementAtOrDefault(Math.Min(_cursor, All.Count - 1));

        public void Move(int by)
        {
            _cursor = Math.Clamp(_cursor + by, 0, Math.Max(0, All.Count - 1));
            Message = null;
        }

        public Rows Draw()
        {
            var rows = new List<IRenderable> { Heading(), QueueTable(), WorkerTable(), JobTable() };
            if (Log is not null)
                rows.Add(new Panel(new Text(string.Join('\n', LogText.TrimEnd('\n').Split('\n').TakeLast(LogLines)))) { Header = new PanelHeader($" {Log} "), Expand = true });
            rows.Add(new Markup(Footer()));
            return new Rows(rows);
        }

        private Markup Heading()
        {
            string text = Away is { } away ? $"[red]{Words.Cell(Words.Short(away, 100))}[/]"
                : Counts is not { } c ? ""
                : $"[blue]{c.Running} running[/]  {c.Queued} queued  {c.Scheduled} scheduled  [yellow]{c.Retrying} retrying[/]  [green]{c.Completed} completed[/]  [red]{c.Failed} failed[/]  [grey]{c.Canceled} canceled[/]";
            return new Markup($"[bold]drover[/]  {TimeProvider.System.GetLocalNow():HH:mm:ss}  {text}\n");
        }

        private Table QueueTable()
        {
            var table = Screen.Table("queue", "ready", "running", "waiting", "oldest", "rate", "p95 wait");
            foreach (var queue in Queues.Take(8))
            {
                table.AddRow(Words.Cell(queue.Name) + (queue.Paused ? " [yellow]paused[/]" : ""), Number(queue.QueueDepth), Number(queue.Running), Number(queue.Scheduled + queue.Retrying),
                    Words.Duration(queue.Stats.OldestJobAge), string.Create(CultureInfo.InvariantCulture, $"{queue.Stats.ProcessingRate:0.#}/s"), Words.Duration(queue.Stats.P95WaitTime));
            }

            return table;
        }

        private Table WorkerTable()
        {
            var table = Screen.Table("worker", "slots", "state", "heartbeat");
            foreach (var worker in Workers.Take(8))
            {
                int width = Math.Min(worker.Slots, 40);
                int busy = worker.Slots == 0 ? 0 : (int)Math.Ceiling((double)worker.Busy * width / worker.Slots);
                table.AddRow(Words.Cell(worker.Id), $"[blue]{new string('■', busy)}[/][grey]{new string('·', width - busy)}[/] {worker.Busy}/{worker.Slots}",
                    worker.Draining ? "[yellow]draining[/]" : "[green]ready[/]", Words.Ago(worker.LastHeartbeat, Call.Now));
            }

            return table;
        }

        private Table JobTable()
        {
            var table = Screen.Table("", "job", "status", "ended", "server", "what", "for");
            int room = Math.Max(5, Console.WindowHeight - Queues.Count - Workers.Count - 10 - (Log is null ? 0 : LogLines + 2));
            var all = All;
            int first = Math.Clamp(_cursor - room + 1, 0, Math.Max(0, all.Count - room));
            for (int i = first; i < Math.Min(all.Count, first + room); i++)
            {
                var job = all[i];
                string took = Words.Duration(job.Duration ?? (Call.Now - (job.StartedAt ?? job.CreatedAt)).TotalSeconds);
                table.AddRow(i == Math.Min(_cursor, all.Count - 1) ? "[bold]›[/]" : " ", job.Id.ToString()[..13], Words.Status(job.Status), Words.Cell(Words.Ending(job)),
                    Words.Cell(job.ServerName ?? job.JobType), Words.Cell(Words.Short(job.Name ?? job.Preview, Math.Max(20, Console.WindowWidth - 70))), took);
            }

            return table;
        }

        private string Footer() => Asking ? $"\n[yellow]Cancel {Selected?.Id.ToString()[..13]}? (y/N)[/]"
            : $"\n[grey]↑↓ choose  Enter output  c cancel  q quit[/]  {Words.Cell(Message)}";

        private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);
    }
}
