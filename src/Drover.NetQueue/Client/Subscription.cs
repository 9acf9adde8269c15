using Drover.Events;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Client;

/// <summary>A reader's share of the events. What it is too slow for is replaced by one <see cref="EventKind.Missed"/>.</summary>
internal sealed class Subscription(EventTopics topics, long? after, Guid? jobId)
{
    private const int MaxWaiting = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<BrokerEvent> _waiting = new();
    private long? _after = after;
    private TaskCompletionSource? _arrival;
    private Exception? _ended;

    public EventTopics Topics => topics;

    public Guid? JobId => jobId;

    /// <summary>Where it goes on over another connection.</summary>
    public long? After
    {
        get
        {
            lock (_gate)
                return _after;
        }
    }

    /// <summary>The server has taken it; one that begins "now" begins here.</summary>
    public void Began(long seq)
    {
        lock (_gate)
            _after ??= seq;
    }

    /// <summary>Takes a frame of events.</summary>
    public void Take(ref BodyReader reader, EventSeq seq)
    {
        TaskCompletionSource? arrival;
        long last = 0;
        lock (_gate)
        {
            while (reader.Left > 0)
            {
                var e = EventMessages.Read(ref reader);
                last = e.Seq;
                if (_waiting.Count == MaxWaiting)
                {
                    _waiting.Clear();
                    e = new(e.Seq, e.At, EventKind.Missed);
                }

                _waiting.Enqueue(e);
            }

            _after = Math.Max(_after ?? 0, last);
            arrival = _arrival;
            _arrival = null;
        }

        seq.Saw(last);
        arrival?.TrySetResult();
    }

    public void End(Exception why)
    {
        TaskCompletionSource? arrival;
        lock (_gate)
        {
            _ended ??= why;
            arrival = _arrival;
            _arrival = null;
        }

        arrival?.TrySetResult();
    }

    /// <summary>The next event; null when canceled.</summary>
    public async ValueTask<BrokerEvent?> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task arrival;
            lock (_gate)
            {
                if (_waiting.TryDequeue(out var next))
                    return next;
                if (_ended is not null)
                    throw _ended;
                arrival = (_arrival ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await arrival.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancel.IsCancellationRequested)
                return null;
        }
    }
}
