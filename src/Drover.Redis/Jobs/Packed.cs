using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Drover.Redis.Jobs;

/// <summary>Writes MessagePack, as far as the scripts read it: lists of texts, bytes and numbers up to 127.</summary>
internal sealed class PackedWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public PackedWriter List(int count)
    {
        var head = _bytes.GetSpan(3);
        head[0] = 0xdc;
        BinaryPrimitives.WriteUInt16BigEndian(head[1..], checked((ushort)count));
        // A list of few has one byte of head.
        if (count < 16)
            head[0] = (byte)(0x90 | count);
        _bytes.Advance(count < 16 ? 1 : 3);
        return this;
    }

    public PackedWriter Number(int number)
    {
        var bytes = _bytes.GetSpan(5);
        if (number is >= 0 and <= 127)
        {
            bytes[0] = (byte)number;
            _bytes.Advance(1);
            return this;
        }

        bytes[0] = 0xd2;
        BinaryPrimitives.WriteInt32BigEndian(bytes[1..], number);
        _bytes.Advance(5);
        return this;
    }

    public PackedWriter Text(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Head(length);
        Encoding.UTF8.GetBytes(text, _bytes.GetSpan(length));
        _bytes.Advance(length);
        return this;
    }

    public PackedWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        Head(bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    private void Head(int length)
    {
        var head = _bytes.GetSpan(5);
        if (length < 32)
        {
            head[0] = (byte)(0xa0 | length);
            _bytes.Advance(1);
        }
        else
        {
            head[0] = 0xdb;
            BinaryPrimitives.WriteInt32BigEndian(head[1..], length);
            _bytes.Advance(5);
        }
    }
}

/// <summary>Reads what <see cref="PackedWriter"/> or a script wrote.</summary>
internal ref struct PackedReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public int List()
    {
        byte head = Take(1)[0];
        return head switch
        {
            >= 0x90 and <= 0x9f => head & 0x0f,
            0xdc => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            _ => throw Bad(head),
        };
    }

    public ReadOnlySpan<byte> Bytes()
    {
        byte head = Take(1)[0];
        return Take(head switch
        {
            >= 0xa0 and <= 0xbf => head & 0x1f,
            0xd9 => Take(1)[0],
            0xda => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xdb => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            _ => throw Bad(head),
        });
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public int Number()
    {
        byte head = Take(1)[0];
        return head switch
        {
            <= 0x7f => head,
            0xcc => Take(1)[0],
            0xcd => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xce => checked((int)BinaryPrimitives.ReadUInt32BigEndian(Take(4))),
            0xd2 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            _ => throw Bad(head),
        };
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static FormatException Bad(byte head) => new(string.Create(CultureInfo.InvariantCulture, $"Not what was stored: {head:x2}."));
}
