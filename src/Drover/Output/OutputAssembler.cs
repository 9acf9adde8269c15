using System.Buffers;
using System.Text;

namespace Drover.Output;

/// <summary>
/// Puts bytes as they are read together into chunks: a new one when the stream changes or one is full, and never with
/// half a UTF-8 sequence at its end; that half waits for the stream's next chunk.
/// </summary>
internal sealed class OutputAssembler(int maxBytes, TimeProvider time, Action<OutputChunk> finished)
{
    private readonly byte[]?[] _halves = new byte[]?[(int)OutputStream.System + 1];
    private OutputChunk? _open;
    private bool _flood;

    public bool HasOpen => _open is not null;

    public void Write(OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        // What Drover itself says is one entry each time.
        if (_open is not null && (_open.Stream != stream || stream == OutputStream.System))
            Close();
        while (!bytes.IsEmpty)
        {
            var open = _open ??= Open(stream, bytes.Length);
            int fits = Math.Min(bytes.Length, maxBytes - open.Length);
            open.Append(bytes[..fits]);
            bytes = bytes[fits..];
            if (open.Length < maxBytes)
                continue;
            Close();
            _flood = true;
        }
    }

    /// <summary>Finishes the open chunk, so that what was read can be seen.</summary>
    public void Close()
    {
        if (_open is not { } open)
            return;
        (_open, _flood) = (null, false);
        int half = open.Stream == OutputStream.System ? 0 : HalfSequence(open.Span);
        if (half > 0)
        {
            _halves[(int)open.Stream] = open.Span[^half..].ToArray();
            open.CutTo(open.Length - half);
        }

        Finish(open);
    }

    /// <summary>Finishes everything; nothing will follow.</summary>
    public void Complete()
    {
        Close();
        for (int stream = 0; stream < _halves.Length; stream++)
        {
            if (_halves[stream] is not null)
                Finish(Open((OutputStream)stream, 0));
        }
    }

    /// <summary>How many bytes at the end are the beginning of a UTF-8 sequence that may still be completed: 0 to 3.</summary>
    public static int HalfSequence(ReadOnlySpan<byte> bytes)
    {
        for (int n = 1; n <= 3 && n <= bytes.Length; n++)
        {
            byte b = bytes[^n];
            if (b < 0x80)
                return 0;
            if (b >= 0xC0)
                return Rune.DecodeFromUtf8(bytes[^n..], out _, out _) == OperationStatus.NeedMoreData ? n : 0;
        }

        return 0;
    }

    private OutputChunk Open(OutputStream stream, int length)
    {
        // A stream that fills chunks will fill the next; one that prints a line now and then needs little room.
        var chunk = new OutputChunk(stream, time.GetUtcNow(), _flood ? maxBytes : Math.Min(maxBytes, length + 3));
        if (_halves[(int)stream] is { } half)
            chunk.Append(half);
        _halves[(int)stream] = null;
        return chunk;
    }

    private void Finish(OutputChunk chunk)
    {
        if (chunk.Length > 0)
            finished(chunk);
        else
            chunk.Free();
    }
}
