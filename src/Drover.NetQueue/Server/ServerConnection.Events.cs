using System.Collections.Concurrent;
using Drover.Events;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Server;

/// <summary>Subscriptions.</summary>
internal sealed partial class ServerConnection
{
    private const int MaxSubscriptions = 1000;
    private const int PushBytes = 8 * 1024;

    private readonly ConcurrentDictionary<uint, CancellationTokenSource> _subscriptions = new();

    private void Subscribe(FrameHeader header, (EventTopics Topics, long? After, Guid? JobId) what)
    {
        if (_subscriptions.Count >= MaxSubscriptions)
            throw new ProtocolException(ErrorCode.TooMany, $"A connection may have {MaxSubscriptions} subscriptions.");
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        if (!_subscriptions.TryAdd(header.Id, cancel))
        {
            cancel.Dispose();
            throw new ProtocolException(ErrorCode.BadRequest, "There is a subscription with this id.");
        }

        // The reply and the first step come before the next frame is read: what a client sends after its
        // subscription cannot happen before it.
        Push(FrameType.Subscribe | FrameType.Reply, header.Id, LastSeq, static (w, seq) => w.I64(seq));
        var events = Broker.Events.ReadAsync(what.Topics, what.After, what.JobId, cancel.Token).GetAsyncEnumerator(cancel.Token);
        _ = PushEventsAsync(header, events, cancel);
    }

    private void Unsubscribe(uint id)
    {
        if (_subscriptions.TryRemove(id, out var cancel))
            cancel.Cancel();
    }

    private async Task PushEventsAsync(FrameHeader header, IAsyncEnumerator<BrokerEvent> events, CancellationTokenSource cancel)
    {
        var next = events.MoveNextAsync().AsTask();
        bool waits = true;
        try
        {
            using var frame = new FrameWriter(1024);
            bool more = await next.ConfigureAwait(false);
            waits = false;
            while (more)
            {
                frame.Begin(FrameType.Events, header.Id);
                do
                {
                    EventMessages.Write(frame, events.Current);
                    next = events.MoveNextAsync().AsTask();
                    waits = !next.IsCompleted;
                    more = waits || await next.ConfigureAwait(false);
                }
                while (!waits && more && frame.Length < PushBytes);
                frame.End();
                _outbox.Send(frame.Written.Span);
                frame.Clear();
                // A client that does not read leaves its events to the feed, which keeps a bounded number.
                await RoomAsync().ConfigureAwait(false);
                if (waits)
                    more = await next.ConfigureAwait(false);
                waits = false;
            }
        }
        catch (OperationCanceledException)
        {
            // Unsubscribed, or the connection ended.
        }
        catch (Exception e)
        {
            Refuse(header, e);
        }
        finally
        {
            _subscriptions.TryRemove(header.Id, out _);
            await cancel.CancelAsync().ConfigureAwait(false);
            // An enumerator may be disposed of only between its steps.
            if (waits)
                await next.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            await events.DisposeAsync().ConfigureAwait(false);
            cancel.Dispose();
        }
    }
}
