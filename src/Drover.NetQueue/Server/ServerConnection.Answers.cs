using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Server;

/// <summary>How requests are begun and answered.</summary>
internal sealed partial class ServerConnection
{
    /// <summary>Requests whose answers may be large: few at a time, and each waits until there is room for its answer.</summary>
    private readonly SemaphoreSlim _heavy = new(16, 16);

    /// <summary>Sends a frame; nothing happens when the connection has ended.</summary>
    public void Push<T>(FrameType type, uint id, T content, Action<FrameWriter, T> write)
    {
        if (_outbox.Enter() is not { } writer)
            return;
        try
        {
            writer.Begin(type, id);
            write(writer, content);
            writer.End(split: true);
        }
        catch
        {
            writer.Abandon();
            throw;
        }
        finally
        {
            _outbox.Exit();
        }
    }

    /// <summary>Carries a request out and answers it, while the next ones come in.</summary>
    private void Serve<TRequest, TResult>(
        FrameHeader header, TRequest request, Func<ServerConnection, TRequest, ValueTask<TResult>> call, Action<FrameWriter, ServerConnection, TResult> write) =>
        _ = ServeAsync(header, request, call, write);

    private async Task ServeAsync<TRequest, TResult>(
        FrameHeader header, TRequest request, Func<ServerConnection, TRequest, ValueTask<TResult>> call, Action<FrameWriter, ServerConnection, TResult> write)
    {
        Began();
        bool heavy = header.Type is FrameType.List or FrameType.Get or FrameType.ReadOutput or FrameType.Throughput or FrameType.Queues or FrameType.Workers or FrameType.CatalogList;
        bool entered = false;
        try
        {
            if (heavy)
                await _heavy.WaitAsync(_ended.Token).ConfigureAwait(false);
            entered = heavy;
            var result = await call(this, request).ConfigureAwait(false);
            if (heavy)
                await RoomAsync().ConfigureAwait(false);
            Push(header.Type | FrameType.Reply, header.Id, (Connection: this, Result: result, Write: write), static (w, x) => x.Write(w, x.Connection, x.Result));
        }
        catch (Exception e)
        {
            Refuse(header, e);
        }
        finally
        {
            if (entered)
                _heavy.Release();
            _room.Release();
        }
    }

    /// <summary>Counts a request in. There is room: the reader waits for it before it takes the next frame.</summary>
    private void Began() => _room.Wait(0);

    private void Refuse(FrameHeader header, Exception e)
    {
        var (code, message) = ErrorMessages.Describe(e);
        if (code == ErrorCode.Internal)
            Log.Failed(_server.Logger, e, header.Type, Origin);
        Push(FrameType.Error, header.Id, (code, message, e), static (w, x) => ErrorMessages.Write(w, x.code, x.message, x.e));
    }
}
