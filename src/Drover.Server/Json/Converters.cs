using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Server.Contracts;

namespace Drover.Server.Json;

/// <summary>Enums as words in snake_case, never as numbers.</summary>
internal sealed class WordConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;

/// <summary>The words of an enum as the API writes them.</summary>
internal static class Words<T> where T : struct, Enum
{
    private static readonly Dictionary<string, T> ByWord = Enum.GetValues<T>()
        .ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()), StringComparer.Ordinal);

    private static readonly Dictionary<T, string> ByValue = ByWord.ToDictionary(pair => pair.Value, pair => pair.Key);

    public static IEnumerable<string> All => ByWord.Keys;

    public static string Of(T value) => ByValue[value];

    public static bool TryParse(string text, out T value) => ByWord.TryGetValue(text, out value);
}

/// <summary>Times in RFC 3339: written in UTC with milliseconds, read with any offset, never without one.</summary>
internal sealed class TimeConverter : JsonConverter<DateTimeOffset>
{
    public const string Expected = "a time with its offset, such as 2026-01-31T08:30:00Z";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && TryParse(text, out var time))
            return time;
        throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[24];
        value.UtcDateTime.TryFormat(text, out _, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text);
    }

    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        bool hasOffset = text.EndsWith('Z') || text.EndsWith('z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        return hasOffset && text.Length is >= 17 and <= 40 && text[10] is 'T' or 't' or ' '
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }
}

/// <summary>Arguments as one text or as a list.</summary>
internal sealed class JobArgsConverter : JsonConverter<JobArgs>
{
    public override JobArgs Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return new(reader.GetString()!);
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException();
        var list = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                throw new JsonException();
            list.Add(reader.GetString()!);
        }

        return new(list);
    }

    public override void Write(Utf8JsonWriter writer, JobArgs value, JsonSerializerOptions options)
    {
        if (value.Text is not null)
        {
            writer.WriteStringValue(value.Text);
            return;
        }

        writer.WriteStartArray();
        foreach (string arg in value.List ?? [])
            writer.WriteStringValue(arg);
        writer.WriteEndArray();
    }
}

/// <summary>Numbers that a double can hold: 1e400 would be read as infinity, which can neither be reckoned with nor written again.</summary>
internal sealed class FiniteConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.GetDouble() is var number && double.IsFinite(number) ? number : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
