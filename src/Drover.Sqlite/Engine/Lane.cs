using System.Numerics;

namespace Drover.Sqlite.Engine;

/// <summary>The ready jobs of one queue with equal needs and limit: ten lines by priority. Belongs to the writer thread, save its names.</summary>
internal sealed class Lane(int id, QueueState queue, string needs, string? limitKey, LimitState? limit)
{
    private readonly Line?[] _lines = new Line?[10];
    private int _nonEmpty;

    public int Id { get; } = id;

    public QueueState Queue { get; } = queue;

    public string Needs { get; } = needs;

    public string? LimitKey { get; } = limitKey;

    public LimitState? Limit { get; } = limit;

    /// <summary>Whether it stands in <see cref="ReadyIndex"/>'s list of lanes to look at.</summary>
    public bool Listed { get; set; }

    /// <summary>The task type that its jobs have; null for commands and scripts.</summary>
    public string? JobType { get; } = needs.StartsWith("task:", StringComparison.Ordinal) ? needs["task:".Length..].Split(';')[0] : null;

    public string? ServerId { get; } = limitKey?.StartsWith("server:", StringComparison.Ordinal) == true ? limitKey["server:".Length..] : null;

    public Line LineOf(int priority)
    {
        _nonEmpty |= 1 << priority;
        return _lines[priority - 1] ??= new();
    }

    /// <summary>The most urgent ready job; false when none is ready.</summary>
    public bool TryPeek(Columns columns, long now, long? period, out Candidate best)
    {
        best = default;
        bool found = false;
        for (int mask = _nonEmpty; mask != 0; mask &= mask - 1)
        {
            int priority = BitOperations.TrailingZeroCount(mask);
            var line = _lines[priority - 1]!;
            if (!line.TryPeek(columns, this, priority, out long seq, out long readyAt))
            {
                _nonEmpty &= ~(1 << priority);
                continue;
            }

            int urgency = period is { } ticks && now > readyAt ? (int)Math.Max(1, priority - (now - readyAt) / ticks) : priority;
            if (!found || urgency < best.Urgency || (urgency == best.Urgency && seq < best.Seq))
                best = new(urgency, seq, readyAt, priority, this);
            found = true;
        }

        return found;
    }

    /// <summary>Takes out what <see cref="TryPeek"/> has just answered.</summary>
    public void Take(in Candidate candidate) => _lines[candidate.Priority - 1]!.Take(candidate.Seq);

    /// <summary>Since when the oldest ready job is ready; null when none is.</summary>
    public long? OldestReadyAt(Columns columns)
    {
        long? oldest = null;
        for (int priority = 1; priority <= 10; priority++)
        {
            if (_lines[priority - 1] is { } line && line.TryPeek(columns, this, priority, out _, out long readyAt) && !(readyAt >= oldest))
                oldest = readyAt;
        }

        return oldest;
    }
}

/// <summary>A ready job at the head of a line.</summary>
internal readonly record struct Candidate(int Urgency, long Seq, long ReadyAt, int Priority, Lane Lane) : IComparable<Candidate>
{
    public int CompareTo(Candidate other) =>
        Urgency != other.Urgency ? Urgency.CompareTo(other.Urgency) : Seq.CompareTo(other.Seq);
}

/// <summary>A queue's numbers. Belongs to the writer thread.</summary>
internal sealed class QueueState(string name, bool strict, LimitState limit)
{
    public string Name { get; } = name;

    /// <summary>Whether the starvation guard is off.</summary>
    public bool Strict { get; } = strict;

    public bool Paused { get; set; }

    /// <summary>Whether as many of its jobs run as may.</summary>
    public bool Full => Running >= limit.Most;

    /// <summary>Ready jobs by priority; index 0 for priority 1.</summary>
    public long[] Ready { get; } = new long[10];

    public long Scheduled { get; set; }

    public long Retrying { get; set; }

    public long Running { get; set; }

    public List<Lane> Lanes { get; } = [];

    public long Waiting => Ready.Sum() + Scheduled + Retrying;
}

/// <summary>How many jobs with a limit key run, and may.</summary>
internal sealed class LimitState
{
    public int Running { get; set; }

    public int? Most { get; set; }

    public bool Reached => Running >= Most;
}
