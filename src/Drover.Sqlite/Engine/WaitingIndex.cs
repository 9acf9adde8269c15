namespace Drover.Sqlite.Engine;

/// <summary>
/// When waiting jobs are due: those with a delay on the steady clock, those with a time on the wall clock, so that
/// neither a clock that jumps nor one that stands still loses a job. Belongs to the writer thread.
/// </summary>
internal sealed class WaitingIndex(TimeProvider time)
{
    private readonly Dictionary<long, Due> _due = [];
    private readonly PriorityQueue<long, (long Due, long Seq)> _steady = new();
    private readonly PriorityQueue<long, (long Due, long Seq)> _wall = new();

    public void AddDelay(long seq, TimeSpan delay) =>
        Add(seq, new(time.StampIn(delay), Steady: true));

    public void AddTime(long seq, long ticks) => Add(seq, new(ticks, Steady: false));

    public void Remove(long seq) => _due.Remove(seq);

    /// <summary>Takes the job that is due first, if one is.</summary>
    public bool TryTake(out long seq, out Due due)
    {
        var (next, left) = First();
        seq = next;
        due = default;
        return left <= TimeSpan.Zero && _due.Remove(seq, out due);
    }

    /// <summary>Puts back what was taken.</summary>
    public void Restore(long seq, Due due) => Add(seq, due);

    /// <summary>How long until the next job is due, zero when one is; null when none waits.</summary>
    public TimeSpan? NextDue() => First().Left is { } left ? left < TimeSpan.Zero ? TimeSpan.Zero : left : null;

    private (long Seq, TimeSpan? Left) First()
    {
        TimeSpan? steady = TryPeek(_steady, true, out long first, out long stamp) ? time.GetElapsedTime(time.GetTimestamp(), stamp) : null;
        TimeSpan? wall = TryPeek(_wall, false, out long second, out long ticks) ? TimeSpan.FromTicks(ticks - time.GetUtcNow().UtcTicks) : null;
        return steady is null || wall < steady ? (second, wall) : (first, steady);
    }

    private void Add(long seq, Due due)
    {
        _due[seq] = due;
        (due.Steady ? _steady : _wall).Enqueue(seq, (due.At, seq));
    }

    /// <summary>Drops entries of jobs that were taken out or have another time by now.</summary>
    private bool TryPeek(PriorityQueue<long, (long Due, long Seq)> heap, bool steady, out long seq, out long at)
    {
        while (heap.TryPeek(out seq, out var priority))
        {
            at = priority.Due;
            if (_due.TryGetValue(seq, out var due) && due == new Due(at, steady))
                return true;
            heap.Dequeue();
        }

        at = 0;
        return false;
    }

    /// <summary>When a job is due: a stamp of the steady clock, or ticks of the wall clock.</summary>
    internal readonly record struct Due(long At, bool Steady);
}
