using System.Text;
using Drover.Events;
using Drover.Jobs;

namespace Drover.Redis.Engine;

/// <summary>Events of one node on their way to the others. Numbers rise by one from message to message, so that a lost one is seen.</summary>
internal sealed record NewsMessage(string Node, long Number, bool Missed, IReadOnlyList<BrokerEvent> Events)
{
    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Node);
        writer.Write(Number);
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

    /// <exception cref="EndOfStreamException">It is none, or one of a newer version.</exception>
    public static NewsMessage Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        string node = reader.ReadString();
        long number = reader.ReadInt64();
        bool missed = reader.ReadBoolean();
        var events = new BrokerEvent[reader.Read7BitEncodedInt()];
        for (int n = 0; n < events.Length; n++)
        {
            var at = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            var kind = (EventKind)reader.ReadByte();
            var job = new Guid(reader.ReadBytes(16));
            var status = (JobStatus)reader.ReadByte();
            int attempt = reader.Read7BitEncodedInt();
            events[n] = new(0, at, kind, job, status, attempt, reader.ReadBoolean() ? reader.ReadString() : null);
        }

        return new(node, number, missed, events);
    }
}
