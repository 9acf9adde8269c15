namespace Drover.Output;

/// <summary>
/// What of an attempt's output is kept: a head, a tail, and one gap between them that grows from its fixed beginning.
/// Holds what was not yet sent; what would fall into the gap anyway never is.
/// </summary>
internal sealed class OutputWindow
{
    private readonly Queue<OutputChunk> _unsent = new();
    private readonly Queue<Segment> _sentTail = new();
    private readonly long _max;
    private readonly long _segmentCost;
    private long _nextSeq;
    private long _headCost;
    private long _gapFrom;
    private long _tailCost;
    private long _unsentCost;
    private long _dropped;
    private bool _trimDue;
    private Segment _lastSegment;

    public OutputWindow(long firstSeq, long maxBytes)
    {
        (_nextSeq, _max) = (firstSeq, maxBytes);
        _segmentCost = Math.Max(OutputEntry.MaxBytes, maxBytes / 256);
    }

    public bool IsEmpty => _unsent.Count == 0 && !_trimDue;

    /// <summary>Whether the next to be sent belongs to the head: nothing later can push it out.</summary>
    public bool SendsHead => _unsent.Count > 0 && !IsTail(_unsent.Peek().Seq);

    private long HeadLimit => _max / 2;

    private long UnsentLimit => _max / 2;

    public void Add(OutputChunk chunk)
    {
        chunk.Seq = _nextSeq++;
        _unsent.Enqueue(chunk);
        _unsentCost += chunk.Cost;
        if (_gapFrom == 0 && _headCost + chunk.Cost <= HeadLimit)
        {
            _headCost += chunk.Cost;
        }
        else
        {
            if (_gapFrom == 0)
                _gapFrom = chunk.Seq;
            _tailCost += chunk.Cost;
        }

        if (_unsentCost > UnsentLimit && SendsHead)
            EndHeadHere();
        while ((_tailCost > _max - _headCost || _unsentCost > UnsentLimit) && DropOldest())
        {
        }
    }

    /// <summary>Moves the next chunks into a batch, and answers the trim that is due with them. Both are sent until they arrive.</summary>
    public OutputTrim? Take(List<OutputChunk> batch, int maxBytes, DateTimeOffset now)
    {
        int bytes = 0;
        while (_unsent.TryPeek(out var chunk) && (bytes == 0 || bytes + chunk.Length <= maxBytes))
        {
            _unsent.Dequeue();
            _unsentCost -= chunk.Cost;
            bytes += chunk.Length;
            batch.Add(chunk);
            if (IsTail(chunk.Seq))
                Remember(chunk);
        }

        if (!_trimDue)
            return null;
        _trimDue = false;
        return new(_gapFrom, OldestTailSeq(), _dropped, now);
    }

    public void Clear()
    {
        while (_unsent.TryDequeue(out var chunk))
            chunk.Free();
        (_unsentCost, _trimDue) = (0, false);
    }

    private bool IsTail(long seq) => _gapFrom != 0 && seq >= _gapFrom;

    /// <summary>The store is too slow even for the head: what it has not got yet counts as tail, whose beginning may be dropped.</summary>
    private void EndHeadHere()
    {
        long gapFrom = _gapFrom == 0 ? long.MaxValue : _gapFrom;
        foreach (var chunk in _unsent)
        {
            if (chunk.Seq >= gapFrom)
                break;
            _headCost -= chunk.Cost;
            _tailCost += chunk.Cost;
        }

        _gapFrom = _unsent.Peek().Seq;
    }

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
        if (_unsent.Count <= 1 || SendsHead)
            return false;
        var chunk = _unsent.Dequeue();
        _unsentCost -= chunk.Cost;
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
            : new(_lastSegment.FirstSeq, _lastSegment.Cost + chunk.Cost, _lastSegment.Bytes + chunk.Length);
    }

    private long OldestTailSeq()
    {
        if (_sentTail.TryPeek(out var segment))
            return segment.FirstSeq;
        if (_lastSegment.Cost > 0)
            return _lastSegment.FirstSeq;
        return _unsent.TryPeek(out var chunk) ? chunk.Seq : _nextSeq;
    }

    private readonly record struct Segment(long FirstSeq, long Cost, long Bytes);
}
