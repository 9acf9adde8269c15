using System.Globalization;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs.Jobs;

/// <summary>A job in full, for people: what went wrong first.</summary>
internal static class JobDetails
{
    public static void Print(Screen screen, JobResponse job)
    {
        screen.Out.MarkupLine($"{Words.Status(job)}  {Words.Cell(job.Name ?? job.Preview)}");
        if (job.Status != JobStatus.Completed && job.Error is { } error)
            screen.Out.MarkupLine($"[red]{Words.Cell(error.TrimEnd())}[/]");
        screen.Out.WriteLine();
        var grid = new Grid().AddColumn(new GridColumn { Padding = new Padding(0, 0, 3, 0), NoWrap = true }).AddColumn();
        void Row(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                grid.AddRow($"[grey]{name}[/]", Words.Cell(value));
        }

        Row("id", job.Id.ToString());
        Row("kind", job.Kind.ToString().ToLowerInvariant());
        Row("server", job.ServerName);
        Row("type", job.JobType);
        Row("command", job.Command is null ? null : job.Preview);
        Row("script", job.Script is null ? null : Words.Short(job.Preview, 80));
        Row("payload", job.Payload is { } payload ? Words.Short(payload.GetRawText(), 200) : null);
        Row("queue", $"{job.Queue}, priority {job.Priority}");
        Row("timeout", job.Timeout == 0 ? "none" : Words.Duration(job.Timeout));
        Row("tags", string.Join(", ", job.Tags));
        Row("attempts", $"{job.Attempt} so far, {job.MaxAttempts} at most");
        Row("exit code", job.ExitCode?.ToString(CultureInfo.InvariantCulture));
        Row("signal", job.Signal);
        Row("reason", job.Reason);
        Row("created", At(job.CreatedAt) + (job.CreatedBy is { } by ? $" by {by}" : ""));
        Row("due", job.Status is JobStatus.Scheduled or JobStatus.Retrying ? At(job.RunAt) : null);
        Row("started", At(job.StartedAt));
        Row("finished", At(job.FinishedAt));
        Row("progress", job.Progress is not { } progress ? null
            : string.Create(CultureInfo.InvariantCulture, $"{progress.Done * 100:0} %{(progress.Text is null ? "" : " " + progress.Text)}"));
        Row("took", Words.Duration(job.Duration));
        Row("worker", job.WorkerId);
        Row("cancel asked", job.CancelRequestedAt is null ? null : At(job.CancelRequestedAt) + (job.CanceledBy is { } who ? $" by {who}" : ""));
        Row("origin", job.OriginId?.ToString());
        Row("batch", job.BatchId?.ToString());
        Row("after", job.After is not { } after ? null
            : (after.JobId is { } first ? $"job {first}" : $"batch {after.BatchId}") + (after.On == AfterOutcome.Always ? ", however it ends" : ""));
        Row("unique key", job.UniqueKey);
        Row("limit key", job.LimitKey);
        Row("result", job.Result is { } result ? Words.Short(result.GetRawText(), 200) : null);
        screen.Out.Write(grid);
        if (job.Attempts is { Count: > 1 } attempts)
            PrintAttempts(screen, attempts);
    }

    private static void PrintAttempts(Screen screen, IReadOnlyList<AttemptResponse> attempts)
    {
        var table = new TextTable().Add("attempt", right: true).Add("started", dropRank: 2).Add("took", right: true).Add("outcome").Add("why", cutTo: 20, dropRank: 1);
        foreach (var attempt in attempts)
        {
            table.Row(attempt.Number.ToString(CultureInfo.InvariantCulture), At(attempt.StartedAt),
                attempt.FinishedAt is { } end ? Words.Duration(end - attempt.StartedAt) : "",
                Words.Cell(attempt.Outcome is { } outcome ? Spaced(outcome.ToString()) : "running"), Words.Cell(Words.Short(attempt.Error, 200)));
        }

        screen.Out.WriteLine();
        screen.Write(table);
    }

    private static string Spaced(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? " " : "") + char.ToLowerInvariant(c) : c.ToString()));

    private static string At(DateTimeOffset? at) => at is { } time
        ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture) + $" ({Words.Ago(time, Call.Now)})" : "";
}
