using System.Buffers.Binary;
using System.Text;

namespace Drover.NetQueue.Protocol;

/// <summary>
/// Reads a frame's body. Whatever does not fit is a <see cref="ProtocolException"/>, and no length is believed before
/// the bytes it speaks of are there, so that a short frame cannot make the reader allocate much.
/// </summary>
internal ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = body;

    public readonly int Left => _rest.Length;

    /// <summary>What a later version added at the end is none of our business; a request in our version has no rest.</summary>
    public readonly void End()
    {
        if (_rest.Length != 0)
            throw Malformed($"{_rest.Length} bytes are left over at the end.");
    }

    public byte U8() => Take(1)[0];

    public bool Bool() => U8() switch
    {
        0 => false,
        1 => true,
        byte other => throw Malformed($"{other} is neither no (0) nor yes (1)."),
    };

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long I64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double F64() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public uint Var()
    {
        uint value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte next = U8();
            if (shift == 28 && next > 0x0F)
                break;
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw Malformed("A number is longer than 32 bits.");
    }

    public int Int()
    {
        uint value = Var();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    /// <summary>How many items follow; each takes at least <paramref name="itemBytes"/>, so that more cannot be meant than there is room for.</summary>
    public int Count(int itemBytes)
    {
        uint count = Var();
        if ((long)count * itemBytes > _rest.Length)
            throw Malformed($"{count} items cannot stand in the {_rest.Length} bytes that are left.");
        return (int)count;
    }

    public Guid Uuid() => new(Take(16), bigEndian: true);

    public DateTimeOffset Time()
    {
        long value = I64();
        long ticks = unchecked(value + DateTime.UnixEpoch.Ticks);
        if (value > DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks || ticks < 0)
            throw Malformed("A time is out of range.");
        return new(ticks, TimeSpan.Zero);
    }

    public TimeSpan Duration() => new(I64());

    public ReadOnlySpan<byte> Bytes() => Take(Count(1));

    public string Text() => Decode(Bytes());

    /// <summary>A text that probably came before: a queue, a job type, a worker.</summary>
    public string Word()
    {
        var bytes = Bytes();
        return (bytes.Length <= TextCache.MaxBytes ? TextCache.Get(bytes) : null) ?? Decode(bytes);
    }

    public string? OptionalText() => Bool() ? Text() : null;

    public string[] Texts()
    {
        int count = Count(1);
        if (count == 0)
            return [];
        string[] values = new string[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = Text();
        return values;
    }

    /// <summary>One of the values of an enum whose numbers are 0 to <paramref name="max"/>.</summary>
    public byte UpTo(byte max)
    {
        byte value = U8();
        return value <= max ? value : throw Malformed($"{value} is not known here.");
    }

    public static ProtocolException Malformed(string what) => new(ErrorCode.Malformed, what);

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed("A text is not UTF-8.");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
            throw Malformed("The body ends too soon.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
