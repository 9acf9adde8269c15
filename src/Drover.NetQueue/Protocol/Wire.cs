using System.Buffers.Binary;

namespace Drover.NetQueue.Protocol;

/// <summary>The protocol's fixed numbers. Everything is little-endian, except UUIDs, which are as RFC 9562 writes them.</summary>
internal static class Wire
{
    /// <summary>The versions spoken here, both ends included. docs/netqueue.md says how a version is changed.</summary>
    public const ushort MinVersion = 1;

    public const ushort MaxVersion = 2;

    /// <summary>Length (4), type (1), flags (1), request id (4).</summary>
    public const int HeaderBytes = 10;

    /// <summary>The bytes that the length field does not count: itself.</summary>
    public const int LengthBytes = 4;

    /// <summary>A reply longer than this is sent in pieces, so that it does not hold up the others.</summary>
    public const int MaxPieceBytes = 1024 * 1024;

    /// <summary>What a client sends first. No HTTP method and no TLS record begins with a zero byte.</summary>
    public static ReadOnlySpan<byte> Preamble => "\0DNQ"u8;
}

/// <summary>What stands before every body.</summary>
internal readonly record struct FrameHeader(int BodyLength, FrameType Type, FrameFlags Flags, uint Id)
{
    // length u32 | type u8 | flags u8 | id u32          length = 6 + the body's bytes
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)(BodyLength + Wire.HeaderBytes - Wire.LengthBytes));
        to[4] = (byte)Type;
        to[5] = (byte)Flags;
        BinaryPrimitives.WriteUInt32LittleEndian(to[6..], Id);
    }

    /// <exception cref="ProtocolException">The length is below the header's own or above the limit.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> from, int maxFrameBytes)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(from);
        if (length < Wire.HeaderBytes - Wire.LengthBytes)
            throw new ProtocolException(ErrorCode.Malformed, $"A frame says that it is {length} bytes long; its header alone is {Wire.HeaderBytes - Wire.LengthBytes}.");
        if (length > (uint)maxFrameBytes)
            throw new ProtocolException(ErrorCode.TooLarge, $"A frame of {length} bytes is longer than the {maxFrameBytes} that are allowed.");
        return new((int)length - (Wire.HeaderBytes - Wire.LengthBytes), (FrameType)from[4], (FrameFlags)from[5], BinaryPrimitives.ReadUInt32LittleEndian(from[6..]));
    }
}
