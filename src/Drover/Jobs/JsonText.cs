using System.Text.Json;
using System.Text.Unicode;

namespace Drover.Jobs;

/// <summary>JSON that comes from outside and is kept as text.</summary>
internal static class JsonText
{
    /// <summary>Whether it is one JSON value in UTF-8, at most 64 levels deep.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        // The reader looks at the structure; inside strings it takes any bytes.
        if (!Utf8.IsValid(text))
            return false;
        try
        {
            var reader = new Utf8JsonReader(text);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
