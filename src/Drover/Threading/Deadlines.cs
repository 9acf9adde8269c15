namespace Drover.Threading;

/// <summary>Something that is to happen at a time unless it is taken back. The links are for <see cref="Deadlines"/> alone.</summary>
internal interface IDeadline
{
    /// <summary>The timestamp at which it is due.</summary>
    long Due { get; set; }

    IDeadline? Next { get; set; }

    IDeadline? Previous { get; set; }

    bool IsListed { get; set; }

    /// <summary>Called once when it is due, on a thread of the pool; must not block.</summary>
    void Expire();
}

/// <summary>Deadlines of many short things, nearly all of which are over before they are due: one timer, and a list to link into.</summary>
internal sealed class Deadlines(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private IDeadline? _first;
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;

    /// <summary>Sets a deadline; one that was set before is moved.</summary>
    public void Set(IDeadline deadline, TimeSpan dueIn)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            deadline.Due = now + (long)(dueIn.TotalSeconds * time.TimestampFrequency);
            if (!deadline.IsListed)
                Link(deadline);
            if (deadline.Due < _timerDue)
                Arm(deadline.Due, now);
        }
    }

    /// <summary>Takes a deadline back; no harm when there is none.</summary>
    public void Remove(IDeadline deadline)
    {
        lock (_gate)
        {
            if (deadline.IsListed)
                Unlink(deadline);
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void ExpireDue()
    {
        List<IDeadline>? due = null;
        long now = time.GetTimestamp();
        lock (_gate)
        {
            long next = long.MaxValue;
            for (var deadline = _first; deadline is not null;)
            {
                var following = deadline.Next;
                if (deadline.Due <= now)
                {
                    Unlink(deadline);
                    (due ??= []).Add(deadline);
                }
                else
                {
                    next = Math.Min(next, deadline.Due);
                }

                deadline = following;
            }

            _timerDue = long.MaxValue;
            if (next != long.MaxValue)
                Arm(next, now);
        }

        foreach (var deadline in due ?? [])
            deadline.Expire();
    }

    private void Arm(long due, long now)
    {
        _timerDue = due;
        var wait = due <= now ? TimeSpan.Zero : time.GetElapsedTime(now, due);
        // Timers count whole milliseconds, downwards.
        wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(wait.TotalMilliseconds, LongestTimer.TotalMilliseconds)));
        if (_timer is null)
            _timer = time.CreateTimer(static self => ((Deadlines)self!).ExpireDue(), this, wait, Timeout.InfiniteTimeSpan);
        else
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void Link(IDeadline deadline)
    {
        (deadline.Next, deadline.Previous, deadline.IsListed) = (_first, null, true);
        if (_first is not null)
            _first.Previous = deadline;
        _first = deadline;
    }

    private void Unlink(IDeadline deadline)
    {
        if (deadline.Previous is { } previous)
            previous.Next = deadline.Next;
        else
            _first = deadline.Next;
        if (deadline.Next is { } next)
            next.Previous = deadline.Previous;
        (deadline.Next, deadline.Previous, deadline.IsListed) = (null, null, false);
    }
}
