using Drover.NetQueue.Protocol;
using Drover.Storage;

namespace Drover.NetQueue.Client;

/// <summary>Requests, and what becomes of them.</summary>
internal sealed partial class Link
{
    /// <summary>With more than this many pending, a frame waits a moment for others to go with it.</summary>
    private const int GatherAbove = 4;

    private readonly Dictionary<uint, Pending> _pending = [];
    private readonly SemaphoreSlim _room;
    private uint _lastId;
    private long _pingedAt;

    /// <summary>Sends a request and waits for its answer, over as many connections as it takes.</summary>
    /// <exception cref="StoreUnavailableException">It was not answered in time; it may have been carried out when it is in doubt.</exception>
    /// <exception cref="NetQueueException">The server refuses the client or the request.</exception>
    public async ValueTask<T> RequestAsync<TBody, T>(
        FrameType type, TBody body, Action<FrameWriter, TBody> write, ReadBody<T> read, CancellationToken cancel, bool tellsSeq = false)
    {
        cancel.ThrowIfCancellationRequested();
        if (!_room.Wait(0, CancellationToken.None))
            await _room.WaitAsync(cancel).ConfigureAwait(false);
        var pending = Begin(type, body, write, read, tellsSeq, patient: false);
        if (!cancel.CanBeCanceled)
            return await pending.Task.ConfigureAwait(false);
        using (cancel.UnsafeRegister(static (state, token) => ((Action<CancellationToken>)state!)(token), (Action<CancellationToken>)(token => Drop(pending, new OperationCanceledException(token)))))
            return await pending.Task.ConfigureAwait(false);
    }

    /// <summary>Sends a request that waits as long as it takes; see <see cref="Withdraw"/>.</summary>
    public async ValueTask<Pending<T>> BeginPatientAsync<TBody, T>(FrameType type, TBody body, Action<FrameWriter, TBody> write, ReadBody<T> read, CancellationToken cancel)
    {
        await _room.WaitAsync(cancel).ConfigureAwait(false);
        return Begin(type, body, write, read, tellsSeq: true, patient: true);
    }

    /// <summary>Sends a request over this connection and no other.</summary>
    public async Task<T> RequestOnAsync<TBody, T>(
        ClientConnection connection, FrameType type, TBody body, Action<FrameWriter, TBody> write, ReadBody<T> read, CancellationToken cancel, bool tellsSeq = false)
    {
        await _room.WaitAsync(cancel).ConfigureAwait(false);
        Pending<T> pending;
        lock (_gate)
        {
            uint id = NextId();
            pending = new(id, Encode(type, id, body, write), _time.GetTimestamp(), read) { Local = true, TellsSeq = tellsSeq };
            _pending.Add(id, pending);
        }

        connection.Outbox.Send(pending.Frame.Written.Span);
        // The connection may have ended before the request was added, and then nobody else fails it.
        if (connection.EndedAsync().IsCompleted)
            Drop(pending, new IOException("The connection to the queue server is lost."));
        await using (cancel.UnsafeRegister(state => Drop((Pending)state!, new OperationCanceledException(cancel)), pending).ConfigureAwait(false))
        {
            var ended = await Task.WhenAny(pending.Task, connection.EndedAsync()).ConfigureAwait(false);
            if (ended != pending.Task)
                Drop(pending, connection.Reason ?? new IOException("The queue server closed the connection."));
            return await pending.Task.ConfigureAwait(false);
        }
    }

    /// <summary>A lease request is no longer wanted: its answer comes soon and is probably empty.</summary>
    public void Withdraw(Pending pending)
    {
        ClientConnection? live;
        lock (_gate)
        {
            if (!_pending.ContainsKey(pending.Id))
                return;
            pending.Withdrawn = true;
            live = _live;
        }

        if (live is not null)
            SendWithdraw(live, pending.Id);
    }

    /// <summary>Ends it before it is answered; the answer, should it come, is not heard.</summary>
    public void Drop(Pending pending, Exception why)
    {
        lock (_gate)
        {
            if (!_pending.Remove(pending.Id))
                return;
        }

        Release(pending, why);
    }

    private Pending<T> Begin<TBody, T>(FrameType type, TBody body, Action<FrameWriter, TBody> write, ReadBody<T> read, bool tellsSeq, bool patient)
    {
        Pending<T> pending;
        ClientConnection? live;
        bool gather;
        try
        {
            // The id stands in a fixed place, so that the body is written outside the lock.
            var frame = Encode(type, 0, body, write);
            lock (_gate)
            {
                if (_refused is not null)
                    throw Renewed(_refused);
                if (_live is not null && Unfit(frame, _live) is { } unfit)
                    throw unfit;
                uint id = NextId();
                frame.SetId(id);
                pending = new(id, frame, _time.GetTimestamp(), read) { TellsSeq = tellsSeq, Patient = patient };
                _pending.Add(id, pending);
                live = _live;
                pending.Sent = live is not null;
                gather = _pending.Count > GatherAbove;
                _running ??= Task.Run(RunAsync);
            }
        }
        catch
        {
            _room.Release();
            throw;
        }

        live?.Outbox.Send(pending.Frame.Written.Span, gather);
        return pending;
    }

    /// <summary>
    /// An exception belongs to one caller; each gets its own of the same sort. A worker that is refused for now hears
    /// that the store is away, and keeps its outcomes until somebody has put it right.
    /// </summary>
    private Exception Renewed(Exception why) => why switch
    {
        NetQueueException e when _introduce is null || _final => new NetQueueException(e.Code, e.Message, e),
        ObjectDisposedException e => new ObjectDisposedException(e.ObjectName),
        StoreUnavailableException e => e,
        _ => new StoreUnavailableException(why.Message, why),
    };

    /// <summary>Why a frame cannot be sent to this server; null when it can.</summary>
    private static Exception? Unfit(FrameWriter frame, ClientConnection connection)
    {
        var welcome = connection.Welcome!;
        if (frame.Needs > welcome.Version)
            return new NetQueueException(ErrorCode.Version, $"The queue server is too old for a job that waits for others, belongs to a batch, or has a limit key or rules for its unique key: it speaks version {welcome.Version}, this needs {frame.Needs}.");
        return frame.Length > welcome.MaxFrameBytes
            ? new ArgumentException($"The request is {frame.Length} bytes long; the queue server takes {welcome.MaxFrameBytes}. Send it in smaller batches.") : null;
    }

    private static FrameWriter Encode<TBody>(FrameType type, uint id, TBody body, Action<FrameWriter, TBody> write)
    {
        var frame = new FrameWriter();
        try
        {
            frame.Begin(type, id);
            write(frame, body);
            frame.End();
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private uint NextId()
    {
        // 0 is the connection itself; after four thousand million requests an old one may still be pending.
        do
            _lastId++;
        while (_lastId == 0 || _pending.ContainsKey(_lastId) || _subscriptions.ContainsKey(_lastId));
        return _lastId;
    }

    private void Release(Pending pending, Exception why)
    {
        pending.Fail(why is NetQueueException or ObjectDisposedException ? Renewed(why) : why);
        _room.Release();
    }

    private void FailLocal(Exception why)
    {
        List<Pending> local;
        lock (_gate)
            local = [.. _pending.Values.Where(p => p.Local)];
        local.ForEach(pending => Drop(pending, why));
    }

    private static void SendWithdraw(ClientConnection connection, uint id)
    {
        using var frame = Encode(FrameType.Withdraw, 0, id, static (w, id) => w.U32(id));
        connection.Outbox.Send(frame.Written.Span);
    }

    /// <summary>Once a second: pings, notices a dead connection, and tells those who waited too long.</summary>
    private void Tick()
    {
        long now = _time.GetTimestamp();
        ClientConnection? live;
        List<Pending> late;
        lock (_gate)
        {
            live = _live;
            late = [.. _pending.Values.Where(p => !p.Patient && _time.GetElapsedTime(p.Since, now) > _options.RequestTimeout)];
        }

        foreach (var pending in late)
            Drop(pending, new StoreUnavailableException($"The queue server {_options} did not answer within {_options.RequestTimeout}.") { InDoubt = pending.Sent });
        if (live?.Welcome is not { } welcome)
            return;
        if (_time.GetElapsedTime(live.HeardAt, now) > (2 * welcome.PingEvery) + _options.ConnectTimeout)
            live.Cut();
        else if (_time.GetElapsedTime(_pingedAt, now) > welcome.PingEvery && _room.CurrentCount > 0)
            _ = PingAsync(live, now);
    }

    private async Task PingAsync(ClientConnection live, long now)
    {
        _pingedAt = now;
        try
        {
            await RequestOnAsync(live, FrameType.Ping, false, static (w, store) => w.Bool(store), static (ref BodyReader _) => true, _ended.Token, tellsSeq: true).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or NetQueueException or StoreUnavailableException)
        {
            // The connection's end is noticed where it is read.
        }
    }
}
