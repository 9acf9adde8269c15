using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Drover.Server.Http;

/// <summary>Server-sent events (WHATWG HTML, section 9.2), each with JSON as its data.</summary>
internal abstract class EventStreamResult() : StreamedResult("text/event-stream")
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an event without flushing it.</summary>
    protected void Write<T>(long id, string name, T data, JsonTypeInfo<T> type)
    {
        Begin(id, name);
        Write(data, type);
    }

    /// <summary>Writes an event whose id is more than a number.</summary>
    protected void Write<T>(string id, string name, T data, JsonTypeInfo<T> type)
    {
        Body.Write(Encoding.UTF8.GetBytes($"id: {id}\n"));
        Begin(null, name);
        Write(data, type);
    }

    private void Write<T>(T data, JsonTypeInfo<T> type)
    {
        using (var json = new Utf8JsonWriter(Body, Options))
            JsonSerializer.Serialize(json, data, type);
        Body.Write("\n\n"u8);
    }

    /// <summary>Writes an event whose data is JSON at hand.</summary>
    protected void Write(long? id, string name, ReadOnlySpan<byte> data)
    {
        Begin(id, name);
        Body.Write(data);
        Body.Write("\n\n"u8);
    }

    /// <summary>Shows that the stream lives.</summary>
    protected void WriteHeartbeat() => Body.Write(": still here\n\n"u8);

    private void Begin(long? id, string name)
    {
        Span<byte> text = stackalloc byte[128];
        if (id is not null)
        {
            Body.Write("id: "u8);
            id.Value.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
            Body.Write(text[..length]);
            Body.Write("\n"u8);
        }

        Body.Write("event: "u8);
        Body.Write(text[..Encoding.UTF8.GetBytes(name, text)]);
        Body.Write("\ndata: "u8);
    }
}
