using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Configuration;

namespace Drover.Cli.Verbs;

/// <summary>Reads what people write after options.</summary>
internal static class Parse
{
    /// <summary>A duration in seconds; null when it is not given.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static double? Seconds(this ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        var text when Units.TryDuration(text, out var duration) => duration.TotalSeconds,
        var text => throw new UsageException($"{option.Name} must be {Units.DurationForm}, not '{text}'."),
    };

    /// <summary>A time to come; null when it is not given.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static DateTimeOffset? Future(this ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        var text when Times.TryFuture(text, Call.Now, TimeZoneInfo.Local, out var time) => time,
        var text => throw new UsageException($"{option.Name} must be {Times.Form}, not '{text}'."),
    };

    /// <summary>A time that was; null when it is not given.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static DateTimeOffset? Past(this ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        var text when Times.TryPast(text, Call.Now, TimeZoneInfo.Local, out var time) => time,
        var text => throw new UsageException($"{option.Name} must be {Times.Form}, or how long ago, such as 2h; not '{text}'."),
    };

    /// <summary>Words that may be given more than once; null when none is.</summary>
    public static string[]? Words(this ParseResult parsed, Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } words ? words : null;

    /// <summary>Names that may be given more than once, or comma separated.</summary>
    public static string[] Names(this ParseResult parsed, Option<string[]> option) =>
        [.. (parsed.GetValue(option) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
