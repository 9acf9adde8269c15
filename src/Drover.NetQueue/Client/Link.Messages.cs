using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Client;

/// <summary>What the server sends.</summary>
internal sealed partial class Link
{
    private readonly Dictionary<uint, Subscription> _subscriptions = [];

    /// <summary>Takes a whole answer or push.</summary>
    public void OnMessage(ClientConnection connection, FrameHeader header, ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        switch (header.Type)
        {
            case FrameType.Events:
                SubscriptionOf(header.Id)?.Take(ref reader, _seq);
                break;
            case FrameType.Subscribe | FrameType.Reply:
                SubscriptionOf(header.Id)?.Began(reader.I64());
                break;
            case FrameType.Error when header.Id == 0:
                connection.Reason = ErrorMessages.Read(ref reader);
                connection.Cut();
                break;
            case FrameType.Error when SubscriptionOf(header.Id) is { } failed:
                failed.End(ErrorMessages.Read(ref reader));
                break;
            case FrameType.GoingAway:
            case FrameType.Error when ErrorMessages.IsShuttingDown(body):
                // What was not carried out is asked of the next server.
                break;
            case < FrameType.Reply:
                _push?.Invoke(header.Type, ref reader);
                break;
            default:
                Answer(header, ref reader);
                break;
        }
    }

    /// <summary>Begins a subscription; it goes over from connection to connection until it is ended.</summary>
    public uint Subscribe(Subscription subscription)
    {
        uint id;
        ClientConnection? live;
        lock (_gate)
        {
            if (_final)
                throw Renewed(_refused!);
            id = NextId();
            _subscriptions.Add(id, subscription);
            live = _live;
            _running ??= Task.Run(RunAsync);
        }

        if (live is not null)
            SendSubscribe(live, id, subscription);
        return id;
    }

    public void Unsubscribe(uint id)
    {
        ClientConnection? live;
        lock (_gate)
        {
            _subscriptions.Remove(id);
            live = _live;
        }

        if (live is null)
            return;
        using var frame = Encode(FrameType.Unsubscribe, 0, id, static (w, id) => w.U32(id));
        live.Outbox.Send(frame.Written.Span);
    }

    private static void SendSubscribe(ClientConnection connection, uint id, Subscription subscription)
    {
        using var frame = Encode(FrameType.Subscribe, id, subscription, static (w, s) => EventMessages.WriteSubscribe(w, s.Topics, s.After, s.JobId));
        connection.Outbox.Send(frame.Written.Span);
    }

    private void Answer(FrameHeader header, ref BodyReader reader)
    {
        Pending? pending;
        lock (_gate)
        {
            // A caller that gave up left nothing behind.
            if (!_pending.Remove(header.Id, out pending))
                return;
        }

        if (pending.TellsSeq && header.Type != FrameType.Error)
            _seq.Saw(reader.I64());
        pending.Answer(header.Type, ref reader);
        pending.Frame.Dispose();
        _room.Release();
    }

    private Subscription? SubscriptionOf(uint id)
    {
        lock (_gate)
            return _subscriptions.GetValueOrDefault(id);
    }
}
