using System.Text;
using Drover.Events;
using Drover.Jobs;

namespace Drover.Postgres.Engine;

/// <summary>Events of one node on their way to the others, as the text of a notification.</summary>
/// <param name="Node">Who tells.</param>
/// <param name="Missed">Whether there was more that could not be told.</param>
/// <param name="Events">What happened.</param>
internal sealed record NewsMessage(Guid Node, bool Missed, IReadOnlyList<BrokerEvent> Events)
{
    // A notification holds at most 7,999 bytes.
    private const int MostBytes = 5_900;

    /// <summary>The events in as many messages as they need.</summary>
    public static List<string> Write(Guid node, bool missed, List<BrokerEvent> events)
    {
        var messages = new List<string>();
        Write(new(node, missed, events), messages);
        return messages;
    }

    /// <exception cref="IOException">It is none, or one of another version.</exception>
    /// <exception cref="FormatException">It is none.</exception>
    public static NewsMessage Read(string text)
    {
        using var reader = new BinaryReader(new MemoryStream(Convert.FromBase64String(text)), Encoding.UTF8);
        var node = new Guid(reader.ReadBytes(16));
        bool missed = reader.ReadBoolean();
        var events = new List<BrokerEvent>();
        for (int left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            var at = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            var kind = (EventKind)reader.ReadByte();
            var job = new Guid(reader.ReadBytes(16));
            var status = (JobStatus)reader.ReadByte();
            int attempt = reader.Read7BitEncodedInt();
            events.Add(new(0, at, kind, job, status, attempt, reader.ReadBoolean() ? reader.ReadString() : null));
        }

        return new(node, missed, events);
    }

    private static void Write(NewsMessage message, List<string> messages)
    {
        byte[] bytes = message.Bytes();
        if (bytes.Length <= MostBytes || message.Events.Count < 2)
        {
            messages.Add(Convert.ToBase64String(bytes));
            return;
        }

        int half = message.Events.Count / 2;
        Write(message with { Events = [.. message.Events.Take(half)] }, messages);
        Write(new(message.Node, false, [.. message.Events.Skip(half)]), messages);
    }

    private byte[] Bytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Node.ToByteArray());
        writer.Write(Missed);
        writer.Write7BitEncodedInt(Events.Count);
        foreach (var e in Events)
        {
            writer.Write(e.At.UtcTicks);
            writer.Write((byte)e.Kind);
            writer.Write(e.JobId.ToByteArray());
            writer.Write((byte)e.Status);
            writer.Write7BitEncodedInt(e.Attempt);
            writer.Write(e.Subject is not null);
            if (e.Subject is { } subject)
                writer.Write(subject);
        }

        writer.Flush();
        return bytes.ToArray();
    }
}
