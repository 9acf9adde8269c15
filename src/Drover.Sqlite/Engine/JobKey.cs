using System.Buffers.Binary;

namespace Drover.Sqlite.Engine;

/// <summary>What the columns keep of an id: the half by which ids sort, and the end that tells a batch's jobs apart.</summary>
internal readonly record struct JobKey
{
    public JobKey(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        High = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        Tail = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]);
    }

    public ulong High { get; }

    public uint Tail { get; }
}
