namespace Drover.Output;

/// <summary>
/// What of an attempt's output is kept: a head, a tail, and one gap between them that grows from its fixed beginning.
/// Holds what was not yet sent, at most as much as is kept in all; what would fall into the gap anyway never is sent.
/// </summary>
internal sealed class OutputWindow(long firstSeq, long maxBytes)
{
    private readonly Queue<OutputChunk> _head = new();
    private readonly Queue<OutputChunk> _tail = new();
    private readonly Queue<Segment> _sentTail = new();
    private readonly long _segmentCost = Math.Max(1, maxBytes / 256);
    private long _nextSeq = firstSeq;
    private long _headCost;
    private long _gapFrom;
    private long _tailCost;
    private long _dropped;
    private bool _trimDue;
    private Segment _lastSegment;

    public bool IsEmpty => _head.Count == 0 && _tail.Count == 0 && !_trimDue;

    /// <summary>Whether the next to be sent belongs to the head, which nothing later pushes out.</summary>
    public bool SendsHead => _head.Count > 0;

    private long HeadLimit => maxBytes / 2;

    public void Add(OutputChunk chunk)
    {
        chunk.Seq = _nextSeq++;
        if (_gapFrom == 0 && _headCost + chunk.Cost <= HeadLimit)
        {
            _headCost += chunk.Cost;
            _head.Enqueue(chunk);
            return;
        }

        if (_gapFrom == 0)
            _gapFrom = chunk.Seq;
        _tailCost += chunk.Cost;
        _tail.Enqueue(chunk);
        while (_tailCost > maxBytes - _headCost && DropOldest())
        {
        }
    }

    /// <summary>Moves the next chunks into a batch, and answers the trim that is due with them. Both are sent until they arrive.</summary>
    public OutputTrim? Take(List<OutputChunk> batch, int maxBatchBytes, DateTimeOffset now)
    {
        int bytes = 0;
        while (TryPeek(out var chunk) && (bytes == 0 || bytes + chunk.Length <= maxBatchBytes))
        {
            if (!_head.TryDequeue(out _))
                Remember(_tail.Dequeue());
            bytes += chunk.Length;
            batch.Add(chunk);
        }

        // Before the head has arrived the gap has no place to stand.
        if (!_trimDue || SendsHead)
            return null;
        _trimDue = false;
        return new(_gapFrom, OldestTailSeq(), _dropped, now);
    }

    public void Clear()
    {
        while (_head.TryDequeue(out var chunk) || _tail.TryDequeue(out chunk))
            chunk.Free();
        _trimDue = false;
    }

    private bool TryPeek([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out OutputChunk? chunk) => _head.TryPeek(out chunk) || _tail.TryPeek(out chunk);

    private bool DropOldest()
    {
        if (_sentTail.TryDequeue(out var segment))
        {
            Drop(segment.Cost, segment.Bytes);
            return true;
        }

        if (_lastSegment.Cost > 0)
        {
            Drop(_lastSegment.Cost, _lastSegment.Bytes);
            _lastSegment = default;
            return true;
        }

        // The newest always stays.
        if (_tail.Count <= 1)
            return false;
        var chunk = _tail.Dequeue();
        Drop(chunk.Cost, chunk.Length);
        chunk.Free();
        return true;
    }

    private void Drop(long cost, long bytes)
    {
        _tailCost -= cost;
        _dropped += bytes;
        _trimDue = true;
    }

    /// <summary>Sent tails are remembered in segments of many small entries, or the memory for them would grow without end.</summary>
    private void Remember(OutputChunk chunk)
    {
        if (_lastSegment.Cost > 0 && _lastSegment.Cost + chunk.Cost > _segmentCost)
        {
            _sentTail.Enqueue(_lastSegment);
            _lastSegment = default;
        }

        _lastSegment = _lastSegment.Cost == 0
            ? new(chunk.Seq, chunk.Cost, chunk.Length)
            : _lastSegment with { Cost = _lastSegment.Cost + chunk.Cost, Bytes = _lastSegment.Bytes + chunk.Length };
    }

    private long OldestTailSeq()
    {
        if (_sentTail.TryPeek(out var segment))
            return segment.FirstSeq;
        if (_lastSegment.Cost > 0)
            return _lastSegment.FirstSeq;
        return _tail.TryPeek(out var chunk) ? chunk.Seq : _nextSeq;
    }

    private readonly record struct Segment(long FirstSeq, long Cost, long Bytes);
}
