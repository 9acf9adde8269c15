using System.Globalization;
using System.Net;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Cli.Configuration;

/// <summary>Checks of settings: null for a good value, else what is wrong with it.</summary>
internal static class Checks
{
    private const string OnlySqlite = "which this build cannot use: it keeps everything in SQLite in the data folder. Leave the setting empty";

    public static string? NotEmpty(string value) => value.Trim().Length > 0 ? null : "must not be empty";

    public static string? Address(string value) =>
        TryAddress(value, out _, out _) ? null : "must be ADDRESS:PORT, such as 127.0.0.1:8080, localhost:8080, [::1]:8080, or :8080 for every address of this machine";

    /// <summary>Splits an address; the host is <c>*</c> for every address of this machine.</summary>
    public static bool TryAddress(string value, out string host, out int port)
    {
        int colon = value.LastIndexOf(':');
        (host, port) = (colon >= 0 ? value[..colon] : "", 0);
        if (host is "" or "*")
            host = "*";
        else if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            return false;
        return colon >= 0 && int.TryParse(value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535
            && (host is "localhost" or "*" || IPAddress.TryParse(host, out _));
    }

    public static string? Embedded(string value) => value switch
    {
        "" or "sqlite" => null,
        _ when Scheme(value) is "postgres" or "postgresql" => $"names a PostgreSQL database, {OnlySqlite}",
        _ when Scheme(value) is "redis" or "rediss" => $"names a Redis server, {OnlySqlite}",
        _ when Scheme(value) is "netqueue" => $"names a queue server, {OnlySqlite}",
        _ => $"names a database {OnlySqlite}",
    };

    public static string? Queues(string value)
    {
        string[] parts = value.Split(',', StringSplitOptions.TrimEntries);
        if (!parts.All(part => TryQueue(part, out _)))
            return "must be queue names, comma separated, each with an optional weight of 1 to 1000: email=3,default";
        return parts.Select(part => part.Split('=')[0]).Distinct(StringComparer.Ordinal).Count() == parts.Length ? null : "must name each queue once";
    }

    public static bool TryQueue(string text, out QueueShare share)
    {
        string[] parts = text.Split('=', 2);
        int weight = 1;
        bool good = (parts[0] == "*" || JobValidator.IsQueueName(parts[0]))
            && (parts.Length == 1 || (TryWhole(parts[1], out weight) && weight is >= 1 and <= 1000));
        share = new(parts[0], weight);
        return good;
    }

    public static string? Limit(string value) =>
        value == "unlimited" || (TryWhole(value, out int number) && number >= 1) ? null : "must be a whole number of at least 1, or unlimited";

    public static string? Labels(string value) =>
        Parts(value).All(label => label.Length <= 100 && label[0] != '=' && !label.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == ';'))
            ? null : "must be labels, comma separated, each NAME or NAME=VALUE without blanks or semicolons";

    public static string? AllowedShells(string value)
    {
        if (Parts(value).Length == 0)
            return "must name at least one interpreter, or *";
        return Parts(value).FirstOrDefault(shell => shell != "*" && !shell.StartsWith('/')) is { } relative ? $"must hold absolute paths, and '{relative}' is none" : null;
    }

    public static string? Origins(string value) => Parts(value).FirstOrDefault(origin => !IsOrigin(origin)) is { } wrong
        ? $"must hold origins such as https://ops.example.com or http://localhost:5173, and '{wrong}' is none" : null;

    public static Func<string, string?> Duration(string min, string max) => value =>
        !Units.TryDuration(value, out var duration) ? $"must be {Units.DurationForm}"
        : duration >= Units.Duration(min) && duration <= Units.Duration(max) ? null : $"must be {min} to {max}";

    public static Func<string, string?> Size(string min, string max) => value =>
        !Units.TrySize(value, out long bytes) ? $"must be {Units.SizeForm}"
        : bytes >= Units.Size(min) && bytes <= Units.Size(max) ? null : $"must be {min} to {max}";

    public static Func<string, string?> Whole(int min, int max) =>
        value => TryWhole(value, out int number) && number >= min && number <= max ? null : $"must be a whole number from {min} to {max}";

    public static Func<string, string?> OneOf(params string[] values) =>
        value => values.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : "must be " + string.Join(", ", values[..^1]) + " or " + values[^1];

    public static string[] Parts(string value) => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool TryWhole(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static string Scheme(string value) => value.Split(':', 2)[0].ToLowerInvariant();

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text;
}
