using System.Globalization;

namespace Drover.Cli.Configuration;

/// <summary>Durations (<c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>) and sizes (<c>8192</c>, <c>64KB</c>, <c>10MB</c>) as people write them.</summary>
internal static class Units
{
    private static readonly (string Suffix, double Milliseconds)[] Durations =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    private static readonly (string Suffix, long Bytes)[] Sizes =
        [("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30), ("TB", 1L << 40), ("B", 1)];

    public const string DurationForm = "a number with ms, s, m, h or d, such as 500ms, 30s, 5m, 2h or 7d";
    public const string SizeForm = "a number of bytes, or one with KB, MB or GB, such as 8192, 64KB or 10MB";

    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = default;
        foreach (var (suffix, milliseconds) in Durations)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal) || !TryNumber(text.AsSpan(0, text.Length - suffix.Length), out double number))
                continue;
            if (number * milliseconds > TimeSpan.MaxValue.TotalMilliseconds / 2)
                return false;
            duration = TimeSpan.FromMilliseconds(number * milliseconds);
            return true;
        }

        // Seconds are the API's unit, so a bare number means them.
        if (!TryNumber(text, out double seconds) || seconds > 1e9)
            return false;
        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    public static bool TrySize(string text, out long bytes)
    {
        bytes = 0;
        foreach (var (suffix, unit) in Sizes)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) || !TryNumber(text.AsSpan(0, text.Length - suffix.Length).TrimEnd(), out double number))
                continue;
            if (number * unit > long.MaxValue / 2)
                return false;
            bytes = (long)(number * unit);
            return true;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes);
    }

    /// <summary>A duration that is known to be one.</summary>
    public static TimeSpan Duration(string text) => TryDuration(text, out var duration) ? duration : throw new FormatException($"'{text}' is no duration.");

    /// <summary>A size that is known to be one.</summary>
    public static long Size(string text) => TrySize(text, out long bytes) ? bytes : throw new FormatException($"'{text}' is no size.");

    private static bool TryNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
}
