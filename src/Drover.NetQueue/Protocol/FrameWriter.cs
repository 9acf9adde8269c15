using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Drover.NetQueue.Protocol;

/// <summary>Writes frames one after the other into a pooled array that grows. Not for several threads at once.</summary>
internal sealed class FrameWriter : IDisposable
{
    private byte[] _bytes;
    private int _length;
    private int _frame;
    private FrameHeader _header;

    public FrameWriter(int capacity = 256) => _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length => _length;

    /// <summary>The version that the other side reads, where it is known; else the highest.</summary>
    public ushort Version { get; set; } = Wire.MaxVersion;

    /// <summary>The version that one must read to understand what was written.</summary>
    public ushort Needs { get; private set; } = Wire.MinVersion;

    /// <summary>Something is about to be written that came with a version; false when the other side does not know it.</summary>
    public bool Takes(ushort version)
    {
        if (Version < version)
            return false;
        Needs = Math.Max(Needs, version);
        return true;
    }

    public int Capacity => _bytes.Length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Clear() => _length = 0;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    /// <summary>Opens a frame; its length is set by <see cref="End"/>.</summary>
    public void Begin(FrameType type, uint id, FrameFlags flags = FrameFlags.None)
    {
        _header = new(0, type, flags, id);
        _frame = _length;
        Take(Wire.HeaderBytes);
    }

    /// <summary>Closes the frame. What is longer than a piece becomes several frames when <paramref name="split"/> is set.</summary>
    public void End(bool split = false)
    {
        int body = _length - _frame - Wire.HeaderBytes;
        if (split && body > Wire.MaxPieceBytes)
            Split(body);
        else
            (_header with { BodyLength = body }).Write(_bytes.AsSpan(_frame));
    }

    /// <summary>Takes back the frame that was begun.</summary>
    public void Abandon() => _length = _frame;

    /// <summary>Marks the frame at the beginning as one that was sent before.</summary>
    public void MarkAgain() => _bytes[5] |= (byte)FrameFlags.Again;

    /// <summary>Sets the request id of the frame at the beginning.</summary>
    public void SetId(uint id) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(6), id);

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void U8(byte value) => Take(1)[0] = value;

    public void Bool(bool value) => U8(value ? (byte)1 : (byte)0);

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void I64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void F64(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    /// <summary>Unsigned LEB128: seven bits a byte, lowest first, the highest bit set on all but the last.</summary>
    public void Var(uint value)
    {
        while (value >= 0x80)
        {
            U8((byte)(value | 0x80));
            value >>= 7;
        }

        U8((byte)value);
    }

    public void Count(int value) => Var((uint)value);

    /// <summary>A signed number: zigzag (0, -1, 1, -2, …), then <see cref="Var"/>.</summary>
    public void Int(int value) => Var((uint)(value << 1 ^ value >> 31));

    public void Uuid(Guid value) => value.TryWriteBytes(Take(16), bigEndian: true, out _);

    /// <summary>Units of 100 ns since 1970-01-01T00:00:00Z.</summary>
    public void Time(DateTimeOffset value) => I64(value.UtcTicks - DateTime.UnixEpoch.Ticks);

    /// <summary>Units of 100 ns.</summary>
    public void Duration(TimeSpan value) => I64(value.Ticks);

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        Raw(value);
    }

    /// <summary>The length of its UTF-8 in bytes, then the UTF-8.</summary>
    public void Text(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Count(length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    /// <summary>A byte that says whether it is there, then the text.</summary>
    public void OptionalText(string? value)
    {
        Bool(value is not null);
        if (value is not null)
            Text(value);
    }

    public void Texts(IReadOnlyCollection<string> values)
    {
        Count(values.Count);
        foreach (string value in values)
            Text(value);
    }

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - _length < count)
            Grow(count);
        var span = _bytes.AsSpan(_length, count);
        _length += count;
        return span;
    }

    private void Grow(int count)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_length + count, (int)Math.Min(_bytes.Length * 2L, Array.MaxLength))));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private void Split(int bodyLength)
    {
        byte[] body = ArrayPool<byte>.Shared.Rent(bodyLength);
        _bytes.AsSpan(_frame + Wire.HeaderBytes, bodyLength).CopyTo(body);
        _length = _frame;
        for (int at = 0; at < bodyLength; at += Wire.MaxPieceBytes)
        {
            int piece = Math.Min(Wire.MaxPieceBytes, bodyLength - at);
            var flags = at + piece < bodyLength ? _header.Flags | FrameFlags.More : _header.Flags;
            (_header with { BodyLength = piece, Flags = flags }).Write(Take(Wire.HeaderBytes));
            Raw(body.AsSpan(at, piece));
        }

        ArrayPool<byte>.Shared.Return(body);
    }
}
