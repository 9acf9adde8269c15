using System.Globalization;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Drover.Cli.Verbs.Top;

/// <summary>What <c>drover top</c> shows, and what is selected.</summary>
internal sealed class TopView(Uri url)
{
    private const int MostOfEach = 6;

    private IReadOnlyList<QueueResponse> _queues = [];
    private IReadOnlyList<WorkerResponse> _workers = [];
    private IReadOnlyList<JobSummary> _jobs = [];
    private JobCountsResponse? _counts;
    private Guid? _selected;
    private Guid? _logOf;

    /// <summary>Why Drover cannot be asked at the moment; null when it can.</summary>
    public Exception? Away { get; set; }

    public string? Message { get; set; }

    public TopQuestion? Question { get; set; }

    public IReadOnlyList<LogEntry> Log { get; set; } = [];

    /// <summary>Whether something new was chosen for which there is nothing to show yet.</summary>
    public bool IsStale { get; private set; }

    /// <summary>The job whose output is shown; null for none.</summary>
    public Guid? LogOf
    {
        get => _logOf;
        set
        {
            IsStale |= value is not null && value != _logOf;
            Log = value == _logOf ? Log : [];
            _logOf = value;
        }
    }

    public JobSummary? Selected => _jobs.Count > 0 ? _jobs[Cursor] : null;

    /// <summary>The selected job's queue, else the first.</summary>
    public QueueResponse? SelectedQueue => _queues.FirstOrDefault(queue => queue.Name == Selected?.Queue) ?? (_queues.Count > 0 ? _queues[0] : null);

    private int Cursor => Math.Max(0, _jobs.Select((job, i) => (job.Id, i)).FirstOrDefault(pair => pair.Id == _selected).i);

    public void Show(IReadOnlyList<QueueResponse> queues, IReadOnlyList<WorkerResponse> workers, JobCountsResponse counts, IReadOnlyList<JobSummary> jobs)
    {
        // One job may have moved on between two of the lists.
        (_queues, _workers, _counts, _jobs) = (queues, workers, counts, [.. jobs.DistinctBy(job => job.Id)]);
        IsStale = false;
    }

    public void Move(int by)
    {
        if (_jobs.Count > 0)
            _selected = _jobs[Math.Clamp(Cursor + by, 0, _jobs.Count - 1)].Id;
        if (LogOf is not null)
            LogOf = _selected;
    }

    /// <summary>The lines above the footer, at most so many; and the footer.</summary>
    public (IReadOnlyList<IRenderable> Parts, IRenderable Footer) Draw(int height, int width)
    {
        int logHeight = LogOf is null ? 0 : Math.Max(4, height / 3);
        int fixedLines = 4 + Math.Min(_queues.Count, MostOfEach) + 2 + Math.Min(_workers.Count, MostOfEach) + 2 + 1;
        var parts = new List<IRenderable> { Heading(), new Text("\n"), Queues(), new Text("\n"), Workers(), new Text("\n"), Jobs(Math.Max(1, height - fixedLines - logHeight)) };
        if (LogOf is { } id)
            parts.AddRange(LogLines(id, logHeight, width));
        return (parts, Footer());
    }

    private Markup Heading()
    {
        string numbers = _counts is not { } c ? "" : $"[blue]{c.Running} running[/]  {c.Queued} queued" + string.Concat(
            Number(c.Scheduled, "scheduled", "purple"), Number(c.Retrying, "retrying", "yellow"), Number(c.Completed, "completed", "green"),
            Number(c.Failed, "failed", "red"), Number(c.Canceled, "canceled", "grey"));
        return new Markup($"[bold]drover[/] [grey]{Words.Cell(url.Authority)}  {TimeProvider.System.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture)}[/]\n{numbers}\n");
    }

    private static string Number(long n, string what, string colour) => n == 0 ? "" : $"  [{colour}]{n} {what}[/]";

    private TextTable Queues()
    {
        var table = new TextTable().Add("queue", cutTo: 12).Add("ready", right: true).Add("running", right: true).Add("waiting", right: true, dropRank: 1)
            .Add("oldest", right: true, dropRank: 2).Add("rate", right: true).Add("p95 wait", right: true, dropRank: 3).Add("");
        foreach (var queue in _queues.Take(MostOfEach))
        {
            table.Row(Words.Cell(queue.Name), Words.Number(queue.QueueDepth), Words.Number(queue.Running), Words.Number(queue.Scheduled + queue.Retrying),
                Words.Duration(queue.Stats.OldestJobAge), string.Create(CultureInfo.InvariantCulture, $"{queue.Stats.ProcessingRate:0.#}/s"),
                Words.Duration(queue.Stats.P95WaitTime), queue.Paused || Words.IsStuck(queue) ? Words.State(queue) : "");
        }

        return table;
    }

    private TextTable Workers()
    {
        var table = new TextTable().Add("worker", cutTo: 12).Add("slots").Add("busy", right: true).Add("state").Add("heartbeat", right: true, dropRank: 1);
        foreach (var worker in _workers.Take(MostOfEach))
        {
            int width = Math.Min(worker.Slots, 32);
            int busy = (int)Math.Ceiling((double)Math.Min(worker.Busy, worker.Slots) * width / Math.Max(1, worker.Slots));
            table.Row(Words.Cell(worker.Id), $"[blue]{new string('■', busy)}[/][grey]{new string('·', width - busy)}[/]", $"{worker.Busy}/{worker.Slots}",
                worker.Draining ? "[yellow]draining[/]" : "[green]ready[/]", Words.Ago(worker.LastHeartbeat, Call.Now));
        }

        if (table.IsEmpty)
            table.Row("[yellow]none is connected: jobs wait[/]", "", "", "", "");
        return table;
    }

    private TextTable Jobs(int room)
    {
        var table = new TextTable().Add("").Add("job").Add("status").Add("where", cutTo: 8, dropRank: 1).Add("what", cutTo: 16).Add("for", right: true);
        if (_jobs.Count == 0)
            table.Row("", "[grey]none yet[/]", "", "", "[grey]drover run -- uname -a[/]", "");
        int first = Math.Clamp(Cursor - room + 1, 0, Math.Max(0, _jobs.Count - room));
        for (int i = first; i < Math.Min(_jobs.Count, first + room); i++)
        {
            var job = _jobs[i];
            double seconds = job.Duration ?? (Call.Now - (job.Status == JobStatus.Running ? job.StartedAt ?? job.CreatedAt : job.CreatedAt)).TotalSeconds;
            table.Row(i == Cursor ? "[bold]›[/]" : " ", job.Id.ToString()[..13], Words.Status(job), Words.Cell(job.ServerName ?? "task"),
                Words.Cell(Words.Short(job.Name ?? job.Preview, 200)), Words.Duration(seconds));
        }

        return table;
    }

    private IEnumerable<IRenderable> LogLines(Guid id, int height, int width)
    {
        yield return new Markup($"[grey]─── output of {id} {new string('─', Math.Max(0, width - 52))}[/]\n");
        string text = string.Concat(Log.Where(entry => entry.Text is not null).Select(entry => entry.Text)).TrimEnd('\n');
        if (text.Length == 0)
            yield return new Markup("[grey]none yet[/]\n");
        foreach (string line in text.Split('\n').TakeLast(height - 2))
            yield return new Text(Words.Short(Words.Plain(line.TrimEnd('\r')), width) + "\n");
    }

    private Markup Footer() => this switch
    {
        { Question: { } question } => new($"[yellow]{Words.Cell(question.Text)} (y/N)[/]"),
        { Away: { } away } => new($"[red]{Words.Cell(away.Message)}[/]"),
        { Message: { } message } => new($"[yellow]{Words.Cell(message)}[/]"),
        _ => new("[grey]↑↓ choose   Enter output   c cancel   p pause queue   q quit[/]"),
    };
}
