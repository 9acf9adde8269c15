using System.Globalization;
using Drover.Jobs;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Terminal;

/// <summary>Times, durations and statuses as people read them.</summary>
internal static class Words
{
    public static string Ago(DateTimeOffset? at, DateTimeOffset now) => at is not { } time ? "" : now >= time ? Duration(now - time) + " ago" : "in " + Duration(time - now);

    public static string Duration(double? seconds) => seconds is { } s ? Duration(TimeSpan.FromSeconds(Math.Min(s, 1e9))) : "";

    public static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0}ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#}s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalMinutes}m{duration.Seconds:00}s"),
        < 86400 => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalHours}h{duration.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalDays}d{duration.Hours:00}h"),
    };

    /// <summary>A status as markup: its own sign and colour, never colour alone.</summary>
    public static string Status(JobStatus status) => status switch
    {
        JobStatus.Completed => "[green]✓ completed[/]",
        JobStatus.Failed => "[red]✗ failed[/]",
        JobStatus.Running => "[blue]▶ running[/]",
        JobStatus.Queued => "[grey]· queued[/]",
        JobStatus.Scheduled => "[purple]◷ scheduled[/]",
        JobStatus.Retrying => "[yellow]↻ retrying[/]",
        _ => "[grey]⊘ canceled[/]",
    };

    /// <summary>Why a job did not complete, in a few words; empty when it did.</summary>
    public static string Ending(JobSummary job) => job switch
    {
        { Status: JobStatus.Completed } => "",
        { ExitCode: { } code } => $"exit {code}",
        { Signal: { } signal } => $"signal {signal}",
        { Reason: { } reason } => reason,
        _ => "",
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

    public static string Cell(string? text) => Markup.Escape(text ?? "");

    /// <summary>One line, cut to a width.</summary>
    public static string Short(string? text, int width)
    {
        string line = (text ?? "").ReplaceLineEndings(" ");
        return line.Length <= width ? line : line[..(width - 1)] + "…";
    }

    private static int SignalNumber(string name) => name switch
    {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ILL" => 4,
        "ABRT" => 6,
        "FPE" => 8,
        "KILL" => 9,
        "SEGV" => 11,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        _ => 0,
    };
}
