using Drover.Jobs;

namespace Drover.Sqlite.Engine;

/// <summary>
/// Ready jobs of one lane and priority, in order of acceptance. New jobs are at the end of a ring of 8 bytes each; those
/// that come back (promoted, retried, handed back, moved) are in a heap and keep their old place. An entry whose job is
/// no longer ready here is skipped when it comes to the head, so taking one out of the middle costs nothing.
/// </summary>
internal sealed class Line
{
    private readonly PriorityQueue<long, long> _returned = new();
    private long[] _ring = new long[16];
    private int _head;
    private int _count;

    /// <summary>Adds a job that was never ready before; its seq is the highest so far, and it is ready since it was accepted.</summary>
    public void Append(long seq)
    {
        if (_count == _ring.Length)
            Resize(_ring.Length * 2);
        _ring[(_head + _count++) & (_ring.Length - 1)] = seq;
    }

    public void Return(long seq, long readyAt) => _returned.Enqueue(readyAt, seq);

    public bool TryPeek(Columns columns, Lane lane, int priority, out long seq, out long readyAt)
    {
        while (_count > 0 && !IsReady(_ring[_head]))
            Drop();
        while (_returned.TryPeek(out _, out long stale) && !IsReady(stale))
            _returned.Dequeue();

        if (_returned.TryPeek(out readyAt, out seq) && (_count == 0 || seq <= _ring[_head]))
            return true;
        seq = _count > 0 ? _ring[_head] : 0;
        readyAt = _count > 0 ? columns.Of(seq)!.Created[Columns.Row(seq)] : 0;
        return _count > 0;

        bool IsReady(long entry) => columns.Of(entry) is { } chunk && chunk.Status[Columns.Row(entry)] == JobStatus.Queued
            && chunk.PriorityAt(Columns.Row(entry)) == priority && chunk.Lane[Columns.Row(entry)] == lane.Id;
    }

    public void Take(long seq)
    {
        if (_count > 0 && _ring[_head] == seq)
            Drop();
        while (_returned.TryPeek(out _, out long first) && first == seq)
            _returned.Dequeue();
    }

    private void Drop()
    {
        _head = (_head + 1) & (_ring.Length - 1);
        _count--;
        // A burst's memory is given back once it is over.
        if (_ring.Length > 1024 && _count < _ring.Length / 8)
            Resize(_ring.Length / 4);
    }

    private void Resize(int size)
    {
        var ring = new long[size];
        for (int at = 0; at < _count; at++)
            ring[at] = _ring[(_head + at) & (_ring.Length - 1)];
        _ring = ring;
        _head = 0;
    }
}
