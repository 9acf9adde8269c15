using System.Buffers;
using System.IO.Pipelines;

namespace Drover.NetQueue.Protocol;

/// <summary>Takes the frames of a connection, one after the other.</summary>
internal interface IFrameHandler
{
    /// <summary>The longest frame it takes now, as the length field counts.</summary>
    int MaxFrameBytes { get; }

    /// <summary>
    /// Takes a frame; the body is valid only until the call returns. The next frame comes when the returned task is done:
    /// that is how a handler slows the other side down.
    /// </summary>
    ValueTask OnFrameAsync(FrameHeader header, ReadOnlySpan<byte> body);
}

/// <summary>Cuts what a connection receives into frames.</summary>
internal static class FrameReader
{
    /// <summary>Reads until the other side closes.</summary>
    /// <exception cref="ProtocolException">What came is no frame, or one that is too long.</exception>
    public static async Task ReadAllAsync(PipeReader input, IFrameHandler handler, CancellationToken cancel)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancel).ConfigureAwait(false);
            var rest = read.Buffer;
            while (TryCut(ref rest, handler.MaxFrameBytes, out var header, out var body))
            {
                var taken = Hand(handler, header, body);
                if (!taken.IsCompletedSuccessfully)
                    await taken.ConfigureAwait(false);
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted || read.IsCanceled)
                return;
        }
    }

    /// <summary>Cuts the first frame off; false when it has not arrived in full.</summary>
    public static bool TryCut(ref ReadOnlySequence<byte> rest, int maxFrameBytes, out FrameHeader header, out ReadOnlySequence<byte> body)
    {
        header = default;
        body = default;
        if (rest.Length < Wire.HeaderBytes)
            return false;
        if (rest.FirstSpan.Length >= Wire.HeaderBytes)
        {
            header = FrameHeader.Read(rest.FirstSpan, maxFrameBytes);
        }
        else
        {
            Span<byte> copy = stackalloc byte[Wire.HeaderBytes];
            rest.Slice(0, Wire.HeaderBytes).CopyTo(copy);
            header = FrameHeader.Read(copy, maxFrameBytes);
        }

        if (rest.Length < Wire.HeaderBytes + (long)header.BodyLength)
            return false;
        body = rest.Slice(Wire.HeaderBytes, header.BodyLength);
        rest = rest.Slice(body.End);
        return true;
    }

    private static ValueTask Hand(IFrameHandler handler, FrameHeader header, ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
            return handler.OnFrameAsync(header, body.FirstSpan);
        byte[] copy = ArrayPool<byte>.Shared.Rent(header.BodyLength);
        try
        {
            body.CopyTo(copy);
            return handler.OnFrameAsync(header, copy.AsSpan(0, header.BodyLength));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }
}
