using System.Runtime.CompilerServices;
using Drover.Jobs;

namespace Drover.Events;

/// <summary>
/// Keeps the latest events in a ring that every reader walks by itself: a reader has no buffer of its own, and with
/// no reader an event costs no more than being written down.
/// </summary>
public sealed class EventFeed : IEventFeed, IDisposable
{
    private readonly TimeProvider _time;
    private readonly BrokerEvent[] _ring;
    private readonly Lock _gate = new();
    private readonly List<EventWaiter> _waiting = [];
    private readonly Dictionary<Guid, List<EventWaiter>> _waitingForJob = [];
    private readonly long _first;
    private long _next;
    private bool _closed;
    private Action<BrokerEvent>? _told;

    /// <summary>An empty feed.</summary>
    /// <param name="time">The clock; its time is also where the sequence numbers begin, in milliseconds since 1970 × 1000.</param>
    /// <param name="capacity">How many events are kept; a power of two.</param>
    public EventFeed(TimeProvider time, int capacity = 65_536)
    {
        if (capacity < 2 || (capacity & (capacity - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "Must be a power of two.");
        _time = time;
        _ring = new BrokerEvent[capacity];
        _first = _next = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
    }

    /// <inheritdoc/>
    public long LastSeq => Volatile.Read(ref _next) - 1;

    /// <summary>Publishes an event about a worker, a queue or a server.</summary>
    public void Publish(EventKind kind, string subject) => Publish(kind, default, default, 0, subject);

    /// <summary>Publishes an event.</summary>
    public void Publish(EventKind kind, Guid jobId, JobStatus status, int attempt, string? subject) =>
        Publish(kind, jobId, status, attempt, subject, _time.GetUtcNow());

    /// <summary>Publishes one of many events of the same moment.</summary>
    internal void Publish(EventKind kind, Guid jobId, JobStatus status, int attempt, string? subject, DateTimeOffset at) =>
        Add(new(0, at, kind, jobId, status, attempt, subject), tell: true);

    /// <summary>Publishes what was first published on another node's feed.</summary>
    internal void Repeat(in BrokerEvent heard) => Add(heard, tell: false);

    /// <summary>Everything published here from now on, in order, is also told to this.</summary>
    internal void TellTo(Action<BrokerEvent> told) => _told = told;

    private void Add(BrokerEvent e, bool tell)
    {
        lock (_gate)
        {
            long seq = _next;
            e = e with { Seq = seq };
            _ring[seq & (_ring.Length - 1)] = e;
            // The lock keeps the next write into the ring behind this one; a reader relies on that order.
            Volatile.Write(ref _next, seq + 1);
            if (tell)
                _told?.Invoke(e);
            if (_waiting.Count > 0)
                Wake(_waiting, e);
            if (_waitingForJob.Count > 0 && _waitingForJob.TryGetValue(e.JobId, out var waiters))
            {
                Wake(waiters, e);
                if (waiters.Count == 0)
                    _waitingForJob.Remove(e.JobId);
            }
        }
    }

    /// <summary>Tells every reader, whatever it reads, that events of other nodes are missing.</summary>
    internal void PublishMissed()
    {
        Add(new(0, _time.GetUtcNow(), EventKind.Missed), tell: false);
        lock (_gate)
        {
            foreach (var waiter in _waitingForJob.Values.SelectMany(w => w))
                Unlist(waiter, _next - 1);
            _waitingForJob.Clear();
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<BrokerEvent> ReadAsync(
        EventTopics topics, long? after = null, Guid? jobId = null, CancellationToken cancel = default) =>
        // The place is taken now, not when the first event is asked for, so that nothing in between is missed.
        ReadFromAsync(topics, after ?? LastSeq, jobId, cancel);

    /// <summary>Ends every reader's stream.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var waiter in _waiting.Concat(_waitingForJob.Values.SelectMany(w => w)))
                Unlist(waiter, EventWaiter.NoMore);
            _waiting.Clear();
            _waitingForJob.Clear();
        }
    }

    private async IAsyncEnumerable<BrokerEvent> ReadFromAsync(
        EventTopics topics, long position, Guid? jobId, [EnumeratorCancellation] CancellationToken cancel)
    {
        var waiter = new EventWaiter(topics, jobId);
        await using var canceled = cancel.UnsafeRegister(_ => Cancel(waiter), null);
        while (!cancel.IsCancellationRequested)
        {
            if (TryRead(waiter, ref position, out var found))
            {
                yield return found;
                continue;
            }

            long wokenBy = await WaitAsync(waiter, position, cancel);
            if (wokenBy == EventWaiter.NoMore)
                yield break;
            // Nothing between was for this reader, however much it was.
            position = Math.Max(position, wokenBy - 1);
        }
    }

    /// <summary>The next event for a reader, or a <see cref="EventKind.Missed"/>; false when it has seen all.</summary>
    private bool TryRead(EventWaiter reader, ref long position, out BrokerEvent found)
    {
        long next = Volatile.Read(ref _next);
        while (position != next - 1)
        {
            long seq = position + 1;
            if (seq < _first || seq >= next || next - seq >= _ring.Length)
                return Miss(ref position, out found);
            found = _ring[seq & (_ring.Length - 1)];
            Volatile.ReadBarrier();
            next = Volatile.Read(ref _next);
            // A writer may have been at this place while it was copied.
            if (next - seq >= _ring.Length)
                return Miss(ref position, out found);
            position = seq;
            if (reader.Wants(found))
                return true;
        }

        found = default;
        return false;
    }

    private bool Miss(ref long position, out BrokerEvent missed)
    {
        position = LastSeq;
        missed = new(position, _time.GetUtcNow(), EventKind.Missed);
        return true;
    }

    private ValueTask<long> WaitAsync(EventWaiter waiter, long position, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_closed || cancel.IsCancellationRequested)
                return new(EventWaiter.NoMore);
            if (_next - 1 != position)
                return new(position + 1);
            waiter.IsListed = true;
            if (waiter.JobId is not { } job)
                _waiting.Add(waiter);
            else if (_waitingForJob.TryGetValue(job, out var waiters))
                waiters.Add(waiter);
            else
                _waitingForJob.Add(job, [waiter]);
            return waiter.Begin();
        }
    }

    private static void Wake(List<EventWaiter> waiters, in BrokerEvent e)
    {
        for (int i = waiters.Count - 1; i >= 0; i--)
        {
            if (!waiters[i].Wants(e))
                continue;
            Unlist(waiters[i], e.Seq);
            waiters.RemoveAt(i);
        }
    }

    private void Cancel(EventWaiter waiter)
    {
        lock (_gate)
        {
            if (!waiter.IsListed)
                return;
            if (waiter.JobId is not { } job)
                _waiting.Remove(waiter);
            else if (_waitingForJob.TryGetValue(job, out var waiters) && waiters.Remove(waiter) && waiters.Count == 0)
                _waitingForJob.Remove(job);
            Unlist(waiter, EventWaiter.NoMore);
        }
    }

    private static void Unlist(EventWaiter waiter, long seq)
    {
        if (!waiter.IsListed)
            return;
        waiter.IsListed = false;
        waiter.End(seq);
    }
}
