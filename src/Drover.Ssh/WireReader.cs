using System.Buffers.Binary;

namespace Drover.Ssh;

/// <summary>Reads the encoding of RFC 4251 section 5.</summary>
internal struct WireReader(ReadOnlyMemory<byte> bytes)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <summary>A uint32.</summary>
    public uint Number()
    {
        uint value = BinaryPrimitives.ReadUInt32BigEndian(_rest.Span);
        _rest = _rest[4..];
        return value;
    }

    /// <summary>A string: its length, then so many bytes.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        int length = checked((int)Number());
        ReadOnlyMemory<byte> value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }
}
