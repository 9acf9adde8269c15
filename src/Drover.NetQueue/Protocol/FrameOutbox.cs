namespace Drover.NetQueue.Protocol;

/// <summary>
/// Gathers the frames that many callers send and writes them in as few pieces as come about: while one write is under
/// way, the others collect. A caller never waits for the network; who must not run ahead asks <see cref="RoomAsync"/>.
/// </summary>
internal sealed class FrameOutbox(Stream stream, TimeProvider time, int highWater = 1024 * 1024) : IThreadPoolWorkItem, IDisposable
{
    private const int KeepBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private FrameWriter? _filling = new(1024);
    private FrameWriter? _spare = new(1024);
    private TaskCompletionSource? _room;
    private bool _writing;
    private bool _closed;
    private long _writeBegan;

    /// <summary>Since when the write under way waits for the other side to read; null when none does.</summary>
    public long? WriteBegan
    {
        get
        {
            long began = Volatile.Read(ref _writeBegan);
            return began == 0 ? null : began;
        }
    }

    /// <summary>The version that the other side reads.</summary>
    public ushort Version { get; set; } = Wire.MaxVersion;

    /// <summary>Opens it for one or more frames; to be followed by <see cref="Exit"/> in a finally. Null when it is closed.</summary>
    public FrameWriter? Enter()
    {
        _gate.Enter();
        if (!_closed)
        {
            _filling!.Version = Version;
            return _filling;
        }

        _gate.Exit();
        return null;
    }

    /// <summary>Lets what was written go.</summary>
    /// <param name="gather">Others are about to write too: leave them a moment.</param>
    public void Exit(bool gather = false)
    {
        bool begin = !_writing && _filling!.Length > 0;
        _writing |= begin;
        _gate.Exit();
        if (begin)
            Begin(gather);
    }

    /// <summary>Sends frames that were written elsewhere.</summary>
    public void Send(ReadOnlySpan<byte> frames, bool gather = false)
    {
        if (Enter() is not { } writer)
            return;
        writer.Raw(frames);
        Exit(gather);
    }

    /// <summary>Done when less than the high-water mark waits to be written, or nothing ever will be.</summary>
    public ValueTask RoomAsync()
    {
        lock (_gate)
        {
            if (_closed || _filling!.Length < highWater)
                return ValueTask.CompletedTask;
            _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_room.Task);
        }
    }

    /// <summary>Writes nothing more. What is being written may still arrive.</summary>
    public void Dispose()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
            _filling!.Dispose();
            _filling = null;
            // The spare is in the hands of the write under way, if there is one: it then disposes it.
            _spare?.Dispose();
            _spare = null;
            room = _room;
        }

        room?.TrySetResult();
    }

    /// <summary>Waits until all that was sent so far has been handed to the network, or it is closed.</summary>
    public async Task DrainAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task waits;
            lock (_gate)
            {
                if (_closed || (!_writing && _filling!.Length == 0))
                    return;
                _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                waits = _room.Task;
            }

            await waits.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = WriteAsync();

    private void Begin(bool gather)
    {
        if (gather)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else
            _ = WriteAsync();
    }

    private async Task WriteAsync()
    {
        FrameWriter? written = null;
        while (Next(written) is { } next)
        {
            written = next;
            try
            {
                Volatile.Write(ref _writeBegan, time.GetTimestamp());
                await stream.WriteAsync(next.Written).ConfigureAwait(false);
                Volatile.Write(ref _writeBegan, 0);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // The reading side sees the same end of the connection and tells it.
                Dispose();
            }
        }
    }

    /// <summary>Swaps the buffers; null when there is nothing to write.</summary>
    private FrameWriter? Next(FrameWriter? written)
    {
        TaskCompletionSource? room;
        FrameWriter? next = null;
        lock (_gate)
        {
            if (written is not null)
                Keep(written);
            if (!_closed && _filling!.Length > 0)
            {
                next = _filling;
                _filling = _spare!;
                _spare = null;
            }
            else
            {
                _writing = false;
            }

            room = _room;
            _room = null;
        }

        room?.TrySetResult();
        return next;
    }

    private void Keep(FrameWriter written)
    {
        written.Clear();
        if (!_closed && written.Capacity <= KeepBytes)
        {
            _spare = written;
            return;
        }

        written.Dispose();
        _spare = _closed ? null : new(1024);
    }
}
