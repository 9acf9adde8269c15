using System.Buffers;
using System.IO.Pipelines;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Client;

/// <summary>One open connection: hands whole answers and pushes to the link, joining those that came in pieces.</summary>
internal sealed class ClientConnection : IFrameHandler, IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly Link _link;
    private readonly NetQueueClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<uint, ArrayBufferWriter<byte>> _pieces = [];
    private Task _reading = Task.CompletedTask;
    private long _heardAt;

    public ClientConnection(Stream stream, Link link, NetQueueClientOptions options, TimeProvider time)
    {
        _stream = stream;
        _link = link;
        _options = options;
        _time = time;
        _heardAt = time.GetTimestamp();
        Outbox = new(stream, time);
    }

    public FrameOutbox Outbox { get; }

    /// <summary>What the server said of itself; null before.</summary>
    public Welcome? Welcome { get; set; }

    /// <summary>Why the server closed it; null when it did not say.</summary>
    public Exception? Reason { get; set; }

    public long HeardAt => Volatile.Read(ref _heardAt);

    /// <summary>A server is trusted with larger frames than it takes; it sends pieces of 1 MiB.</summary>
    public int MaxFrameBytes => 2 * Wire.MaxPieceBytes;

    public void Start() => _reading = FrameReader.ReadAllAsync(PipeReader.Create(_stream, new(bufferSize: 16 * 1024, leaveOpen: true)), this, CancellationToken.None);

    /// <summary>Done when the connection has ended; its failure is why.</summary>
    public Task EndedAsync() => _reading;

    public ValueTask OnFrameAsync(FrameHeader header, ReadOnlySpan<byte> body)
    {
        Volatile.Write(ref _heardAt, _time.GetTimestamp());
        bool more = header.Flags.HasFlag(FrameFlags.More);
        if (!more && _pieces.Count == 0)
        {
            _link.OnMessage(this, header, body);
            return default;
        }

        if (!_pieces.TryGetValue(header.Id, out var pieces))
            _pieces[header.Id] = pieces = new(body.Length);
        if (pieces.WrittenCount + body.Length > _options.MaxAnswerBytes)
            throw new ProtocolException(ErrorCode.TooLarge, $"An answer is longer than {_options.MaxAnswerBytes} bytes.");
        pieces.Write(body);
        if (more)
            return default;
        _pieces.Remove(header.Id);
        _link.OnMessage(this, header, pieces.WrittenSpan);
        return default;
    }

    /// <summary>Cuts the connection; reading ends.</summary>
    public void Cut()
    {
        Outbox.Dispose();
        _stream.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        try
        {
            await _reading.ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whoever waits for EndedAsync has seen it.
        }
    }
}
