using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Microsoft.AspNetCore.Connections;

namespace Drover.NetQueue.Server;

/// <summary>One client's connection: takes its frames, starts its requests, and sends the answers as they come.</summary>
internal sealed partial class ServerConnection : IFrameHandler, IDisposable
{
    private const int HelloBytes = 4096;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly ServerContext _server;
    private readonly ConnectionContext _transport;
    private readonly FrameOutbox _outbox;
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _room;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _secure;
    private readonly long _openedAt;
    private long _heardAt;
    private NetQueueToken? _token;
    private Guid _clientId;
    private WorkerSeat? _seat;
    private ProtocolException? _closing;

    public ServerConnection(ServerContext server, ConnectionContext transport, bool secure)
    {
        _server = server;
        _transport = transport;
        _secure = secure;
        _room = new(server.Options.MaxInFlight, server.Options.MaxInFlight);
        _outbox = new(transport.Transport.Output.AsStream(leaveOpen: true), server.Time);
        _openedAt = _heardAt = server.Time.GetTimestamp();
        Origin = transport.RemoteEndPoint?.ToString() ?? "?";
    }

    public string Origin { get; }

    public bool Secure => _secure;

    public int MaxFrameBytes => _token is null ? HelloBytes : _server.Options.MaxFrameBytes;

    /// <summary>Serves the connection to its end. The preamble has been read.</summary>
    public async Task RunAsync()
    {
        _server.Open.TryAdd(this, true);
        try
        {
            if (!_secure && !_server.Options.AllowPlain)
                throw new ProtocolException(ErrorCode.Insecure, "From another host this port speaks TLS only.");
            await FrameReader.ReadAllAsync(_transport.Transport.Input, this, _ended.Token).ConfigureAwait(false);
        }
        catch (ProtocolException e)
        {
            _closing ??= e;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionAbortedException or ConnectionResetException)
        {
            // The client is gone, or Close was called.
        }
        catch (Exception e)
        {
            Log.ConnectionFailed(_server.Logger, e, Origin);
        }
        finally
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the connection with a reason for the other side.</summary>
    public void Close(ErrorCode code, string reason)
    {
        Interlocked.CompareExchange(ref _closing, new ProtocolException(code, reason), null);
        _ended.Cancel();
    }

    /// <summary>Tells the client to come back later.</summary>
    public void SayGoingAway() => Push(FrameType.GoingAway, 0, 0, static (_, _) => { });

    /// <summary>Done when the connection has ended and nothing of it is under way any more.</summary>
    public Task FinishedAsync() => _finished.Task;

    /// <summary>Ends it when it has been silent, or has left things unread, for too long.</summary>
    public void CheckTimes(long now)
    {
        var options = _server.Options;
        if (_token is null && _server.Time.GetElapsedTime(_openedAt, now) > options.HelloTimeout)
            Close(ErrorCode.TimedOut, "No hello came in time.");
        else if (_outbox.WriteBegan is { } began && _server.Time.GetElapsedTime(began, now) > options.StallTimeout)
            Stalled();
        else if (_server.Time.GetElapsedTime(Volatile.Read(ref _heardAt), now) > options.IdleTimeout)
            Close(ErrorCode.TimedOut, "Nothing was heard for too long.");
    }

    public ValueTask OnFrameAsync(FrameHeader header, ReadOnlySpan<byte> body)
    {
        Volatile.Write(ref _heardAt, _server.Time.GetTimestamp());
        if (_token is null)
            return HelloAsync(header, body);
        try
        {
            Dispatch(header, body);
        }
        catch (ProtocolException e)
        {
            Refuse(header, e);
            // Where a body ends is known, so the connection can go on, except after one that makes no sense.
            if (e.Code == ErrorCode.Malformed)
                throw;
        }

        return _room.CurrentCount > 0 ? RoomAsync() : WaitForRoomAsync();
    }

    /// <summary>Once it has finished. Who comes too late may still call <see cref="Close"/>.</summary>
    public void Dispose()
    {
        _outbox.Dispose();
        _room.Dispose();
        _heavy.Dispose();
    }

    private ValueTask HelloAsync(FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type != FrameType.Hello)
            throw new ProtocolException(ErrorCode.Unauthorized, "The first frame must be a hello.");
        var reader = new BodyReader(body);
        return WelcomeAsync(header, Hello.Read(ref reader));
    }

    private async ValueTask WelcomeAsync(FrameHeader header, Hello hello)
    {
        if (hello.MinVersion > Wire.MaxVersion || hello.MaxVersion < Wire.MinVersion)
            throw new ProtocolException(ErrorCode.Version, $"This server speaks the versions {Wire.MinVersion} to {Wire.MaxVersion}, the client {hello.MinVersion} to {hello.MaxVersion}.");
        if (_server.Tokens.Find(hello.Token) is not { } token)
        {
            await Task.Delay(_server.Options.DeniedDelay, _server.Time, _ended.Token).ConfigureAwait(false);
            throw new ProtocolException(ErrorCode.Unauthorized, "The token is missing or not known here.");
        }

        await TakeOverAsync(hello.ClientId).ConfigureAwait(false);
        _token = token;
        Log.Connected(_server.Logger, token.Name, hello.Software, Origin);
        var options = _server.Options;
        _outbox.Version = Math.Min(hello.MaxVersion, Wire.MaxVersion);
        var welcome = new Welcome(
            _outbox.Version, token.Roles, (uint)options.MaxFrameBytes, Jobs.JobRules.MaxBatch, (uint)options.MaxInFlight,
            options.IdleTimeout / 3, _server.Broker.Events.LastSeq, ServerContext.Software);
        Push(FrameType.Hello | FrameType.Reply, header.Id, welcome, static (w, welcome) => welcome.Write(w));
    }

    /// <summary>Waits until nothing of this client's earlier connection is under way, so that what it sends again is not overtaken by itself.</summary>
    private async Task TakeOverAsync(Guid clientId)
    {
        while (clientId != Guid.Empty && !_server.Clients.TryAdd(clientId, this))
        {
            if (!_server.Clients.TryGetValue(clientId, out var earlier))
                continue;
            earlier.Close(ErrorCode.Superseded, "The client has connected anew.");
            await earlier.FinishedAsync().WaitAsync(_ended.Token).ConfigureAwait(false);
        }

        _clientId = clientId;
    }

    private async ValueTask WaitForRoomAsync()
    {
        await _room.WaitAsync(_ended.Token).ConfigureAwait(false);
        _room.Release();
        await RoomAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until the client has read enough of what was sent to it.</summary>
    private ValueTask RoomAsync()
    {
        var room = _outbox.RoomAsync();
        return room.IsCompletedSuccessfully ? room : new(room.AsTask().WaitAsync(_ended.Token));
    }

    private void Stalled()
    {
        Close(ErrorCode.TimedOut, "What was sent was not read for too long.");
        _transport.Abort();
    }

    private async Task EndAsync()
    {
        if (_closing is { } reason)
            await SayWhyAsync(reason).ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        if (_seat is { } seat)
            _server.Seats.Leave(seat, this);
        _outbox.Dispose();
        // What was begun is carried out: a client that comes back asks for the answer again.
        for (int i = 0; i < _server.Options.MaxInFlight; i++)
            await _room.WaitAsync().ConfigureAwait(false);
        _server.Open.TryRemove(this, out _);
        if (_clientId != Guid.Empty)
            _server.Clients.TryRemove(new(_clientId, this));
        _finished.SetResult();
    }

    /// <summary>Sends the reason and reads on for a moment: a socket closed with unread bytes would take the reason with it.</summary>
    private async Task SayWhyAsync(ProtocolException reason)
    {
        Log.Closed(_server.Logger, Origin, reason.Code, reason.Message);
        Push(FrameType.Error, 0, reason, static (w, e) => ErrorMessages.Write(w, e.Code, e.Message));
        using var limit = new CancellationTokenSource(LastWords, _server.Time);
        try
        {
            await _outbox.DrainAsync(limit.Token).ConfigureAwait(false);
            while (await _transport.Transport.Input.ReadAsync(limit.Token).ConfigureAwait(false) is { IsCompleted: false } read)
                _transport.Transport.Input.AdvanceTo(read.Buffer.End);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or ConnectionAbortedException or ConnectionResetException)
        {
            // The client did not wait for it.
        }
    }
}
