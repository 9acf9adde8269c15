using System.Globalization;
using System.Text;
using Drover.Jobs;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Terminal;

/// <summary>Times, durations and statuses as people read them.</summary>
internal static class Words
{
    /// <summary>How long ago, in one unit; <c>in 5m</c> for what is to come.</summary>
    public static string Ago(DateTimeOffset? at, DateTimeOffset now)
    {
        if (at is not { } time)
            return "";
        var distance = (now - time).Duration();
        if (distance < TimeSpan.FromSeconds(1))
            return "now";
        string text = distance.TotalSeconds switch
        {
            < 60 => $"{(int)distance.TotalSeconds}s",
            < 3600 => $"{(int)distance.TotalMinutes}m",
            < 86_400 => $"{(int)distance.TotalHours}h",
            _ => $"{(int)distance.TotalDays}d",
        };
        return now >= time ? text + " ago" : "in " + text;
    }

    /// <summary>A duration in seconds; empty for none.</summary>
    public static string Duration(double? seconds) => seconds is { } s ? Duration(TimeSpan.FromSeconds(Math.Min(s, 1e9))) : "";

    /// <summary>A duration in the two largest units that say something.</summary>
    public static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(duration.TotalMilliseconds):0}ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(duration.TotalSeconds * 10) / 10:0.#}s"),
        < 3600 => $"{(int)duration.TotalMinutes}m{duration.Seconds:00}s",
        < 86_400 => $"{(int)duration.TotalHours}h{duration.Minutes:00}m",
        _ => $"{(int)duration.TotalDays}d{duration.Hours:00}h",
    };

    /// <summary>Milliseconds, finer when there are few.</summary>
    public static string Milliseconds(double ms) => ms.ToString(ms < 10 ? "0.#" : "0", CultureInfo.InvariantCulture) + "ms";

    /// <summary>Bytes in the largest unit in which they are at least one.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 10 => $"{bytes} bytes",
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.#} GB"),
    };

    /// <summary>A status as markup: its own sign and colour, never colour alone.</summary>
    public static string Status(JobStatus status) => status switch
    {
        JobStatus.Completed => "[green]✓ completed[/]",
        JobStatus.Failed => "[red]✗ failed[/]",
        JobStatus.Running => "[blue]▶ running[/]",
        JobStatus.Queued => "· queued",
        JobStatus.Scheduled => "[purple]◷ scheduled[/]",
        JobStatus.Retrying => "[yellow]↻ retrying[/]",
        _ => "[grey]⊘ canceled[/]",
    };

    /// <summary>A status, and how it came to it: <c>✗ failed, exit 3</c>.</summary>
    public static string Status(JobSummary job) => job.Status == JobStatus.Running && job.CancelRequestedAt is not null
        ? "[yellow]▶ canceling[/]"
        : Status(job.Status) + Comma(Ending(job.Status, job.ExitCode, job.Signal, job.Reason));

    /// <summary>Why a job did not complete, in a few words; empty when it did or has not ended.</summary>
    public static string Ending(JobStatus status, int? exitCode, string? signal, string? reason) => status switch
    {
        JobStatus.Completed or JobStatus.Canceled or JobStatus.Running or JobStatus.Queued or JobStatus.Scheduled => "",
        _ when reason == FailureReasons.Timeout => "timeout",
        _ when signal is not null => $"signal {signal}",
        _ when exitCode is { } code => $"exit {code}",
        _ => reason?.Replace('_', ' ') ?? "",
    };

    /// <summary>A job's end as a process's exit code: its own, 124 timed out, 130 canceled, 1 anything else.</summary>
    public static int ExitCode(JobStatus status, int? exitCode, string? signal, string? reason) => status switch
    {
        JobStatus.Completed => 0,
        JobStatus.Canceled => ExitCodes.Canceled,
        _ when reason == FailureReasons.Timeout => ExitCodes.TimedOut,
        _ when exitCode is { } code and not 0 => code,
        _ when signal is not null => 128 + SignalNumber(signal),
        _ => ExitCodes.Other,
    };

    /// <summary>Text from elsewhere as a table's cell: neither markup nor control characters in it mean anything.</summary>
    public static string Cell(string? text) => Markup.Escape(Plain(text));

    /// <summary>Text without control characters: what a job is called must not move the cursor of whoever looks at it.</summary>
    public static string Plain(string? text)
    {
        if (text is null || !text.Any(IsControl))
            return text ?? "";
        var plain = new StringBuilder(text.Length);
        foreach (char c in text)
            plain.Append(c == '\t' ? ' ' : IsControl(c) ? '\uFFFD' : c);
        return plain.ToString();
    }

    /// <summary>One line, cut to a width.</summary>
    public static string Short(string? text, int width)
    {
        string line = (text ?? "").ReplaceLineEndings(" ");
        return line.Length <= width ? line : line[..(width - 1)] + "…";
    }

    /// <summary>A number of things: <c>1 job</c>, <c>3 jobs</c>.</summary>
    public static string Count(long n, string thing) => string.Create(CultureInfo.InvariantCulture, $"{n:#,0} {thing}{(n == 1 ? "" : "s")}");

    public static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether jobs wait and nobody is there to run them.</summary>
    public static bool IsStuck(QueueResponse queue) => queue is { Paused: false, QueueDepth: > 0, Stats.ActiveWorkers: 0 };

    public static string State(QueueResponse queue) => queue.Paused ? "[yellow]paused[/]" : IsStuck(queue) ? "[red]no worker[/]" : "[green]open[/]";

    private static string Comma(string text) => text.Length > 0 ? "[grey],[/] " + Cell(text) : "";

    private static bool IsControl(char c) => char.IsControl(c) && c != '\n';

    private static int SignalNumber(string name) => name switch
    {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "TRAP" => 5,
        "ABRT" => 6,
        "BUS" => 7,
        "FPE" => 8,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        _ => 0,
    };
}
