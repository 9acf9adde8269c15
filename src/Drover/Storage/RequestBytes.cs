using System.Text;
using Drover.Jobs;

namespace Drover.Storage;

/// <summary>How a request is kept until it is accepted, by a transaction's inbox or an outbox: the first job's id, then each job's spec and payload.</summary>
public static class RequestBytes
{
    private const byte Version = 1;

    /// <summary>The request; its idempotency key is left out.</summary>
    /// <exception cref="ArgumentException">It has no <see cref="EnqueueRequest.FirstId"/>.</exception>
    public static byte[] Write(EnqueueRequest request)
    {
        if (request.FirstId is not { } first)
            throw new ArgumentException("A request that is kept needs ids.", nameof(request));
        var stream = new MemoryStream(256 * request.Jobs.Count);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(first.ToByteArray());
        writer.Write7BitEncodedInt(request.Jobs.Count);
        foreach (var spec in request.Jobs)
        {
            byte[] json = SpecJson.Write(spec);
            var payload = spec.Task?.Payload ?? default;
            writer.Write7BitEncodedInt(json.Length);
            writer.Write(json);
            writer.Write7BitEncodedInt(payload.Length);
            writer.Write(payload.Span);
        }

        return stream.ToArray();
    }

    /// <summary>What <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is no request, or one of a later version.</exception>
    public static EnqueueRequest Read(byte[] bytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            if (reader.ReadByte() is var version && version != Version)
                throw new FormatException($"It has version {version}, but this program knows only {Version}.");
            var first = new Guid(reader.ReadBytes(16));
            int count = reader.Read7BitEncodedInt();
            if (count is < 1 or > JobRules.MaxBatch)
                throw new FormatException($"It names {count} jobs.");
            var specs = new JobSpec[count];
            for (int n = 0; n < count; n++)
            {
                byte[] json = Exactly(reader);
                specs[n] = SpecJson.Read(json, Exactly(reader));
            }

            return new(specs) { FirstId = first };
        }
        catch (Exception e) when (e is IOException or ArgumentException or System.Text.Json.JsonException or InvalidOperationException)
        {
            throw new FormatException("It is no request, or only a part of one.", e);
        }
    }

    private static byte[] Exactly(BinaryReader reader)
    {
        int length = reader.Read7BitEncodedInt();
        if (length < 0 || length > reader.BaseStream.Length - reader.BaseStream.Position)
            throw new FormatException("It is only a part of a request.");
        return reader.ReadBytes(length);
    }
}
