using System.Globalization;
using System.Net;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Storage;

namespace Drover.Cli.Configuration;

/// <summary>Checks of settings: null for a good value, else what is wrong with it.</summary>
internal static class Checks
{
    public static string? NotEmpty(string value) => value.Trim().Length > 0 ? null : "must not be empty";

    public static string? Address(string value) =>
        TryAddress(value, out _, out _) ? null : "must be ADDRESS:PORT, such as 127.0.0.1:8080, localhost:8080, [::1]:8080, or :8080 for every address of this machine";

    public static string? AddressOrOff(string value) => value == "off" ? null : Address(value) is { } wrong ? wrong + "; or off" : null;

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

    public static string? Store(string value) => StoreAddress.Parse(value) is { } store && (!store.IsShared || HasHost(value))
        ? null : "must be empty for SQLite in the data folder, postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE, or redis://[USER:PASSWORD@]HOST[:PORT]";

    public static string? QueueServer(string value)
    {
        if (!value.StartsWith("netqueue:", StringComparison.OrdinalIgnoreCase))
            return Store(value) is null ? null : "must be netqueue://HOST:PORT for a queue server, or redis://[USER:PASSWORD@]HOST:PORT for jobs in Redis";
        try
        {
            NetQueueClientOptions.Parse(value);
            return null;
        }
        catch (FormatException)
        {
            return "must read netqueue://HOST:PORT, with ?fingerprint=HEX or ?tls=on or ?tls=off after it where needed";
        }
    }

    /// <summary>Long enough that nobody guesses it, and fit to stand in a header.</summary>
    public static string? Token(string value) =>
        value.Length == 0 || (value.Length is >= 16 and <= 512 && value.All(c => c is > ' ' and < '\x7F')) ? null : "must be 16 to 512 printable characters without blanks";

    public static string? Key32(string value) =>
        value.Length == 0 || TryKey(value, out _) ? null : "must be 32 bytes in base64; `head -c 32 /dev/urandom | base64` makes one";

    public static bool TryKey(string value, out byte[] key)
    {
        key = new byte[32];
        return Convert.TryFromBase64String(value, key, out int length) && length == 32;
    }

    public static string? Name(string value) =>
        value.Length <= 100 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? null : "must be letters, digits, dashes, dots and underscores";

    public static string? AnyText(string value) => null;

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

    private static bool HasHost(string url) => url.Split("://", 2) is [_, { Length: > 0 } rest] && !rest.StartsWith('/') && !rest.EndsWith('@');

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text;
}
