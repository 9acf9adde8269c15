using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Drover.Server.Live;

/// <summary>One message of a live stream.</summary>
/// <param name="Topic">What it is about: <c>jobs</c>, <c>logs:ID</c>.</param>
/// <param name="Event">What happened: <c>created</c>, <c>changed</c>, <c>reset</c>.</param>
/// <param name="Seq">Where it stands in its topic's order; null for none.</param>
/// <param name="Data">JSON; empty for none.</param>
internal readonly record struct LiveFrame(string Topic, string Event, long? Seq, ReadOnlyMemory<byte> Data)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>{"topic", "event", "seq", "data"}</c>.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("topic"u8, Topic);
        json.WriteString("event"u8, Event);
        if (Seq is { } seq)
            json.WriteNumber("seq"u8, seq);
        if (!Data.IsEmpty)
        {
            json.WritePropertyName("data"u8);
            json.WriteRawValue(Data.Span, skipInputValidation: true);
        }

        json.WriteEndObject();
    }
}

/// <summary>A client that hears of changes. Sending waits while the client is slow: nothing piles up for it here.</summary>
internal interface ILiveSink
{
    /// <summary>Sends a message.</summary>
    /// <exception cref="OperationCanceledException">The client has left or takes nothing.</exception>
    ValueTask SendAsync(LiveFrame frame);

    /// <summary>All that is known for now has been sent.</summary>
    ValueTask FlushAsync();
}
