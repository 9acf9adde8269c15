using System.Threading.Tasks.Sources;

namespace Drover.Threading;

/// <summary>
/// Lets one loop sleep until it is called or a time has passed. A call while it is awake is remembered. A wait may end
/// early with false; loops look again.
/// </summary>
internal sealed class AsyncSignal(TimeProvider time) : IValueTaskSource<bool>, IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private ITimer? _timer;
    private bool _set;
    private bool _waiting;

    public void Set() => End(called: true);

    /// <summary>Waits for <see cref="Set"/> (true) or until the time is over (false). One caller at a time.</summary>
    /// <param name="atMost">How long; null for ever.</param>
    public ValueTask<bool> WaitAsync(TimeSpan? atMost = null)
    {
        lock (_gate)
        {
            if (_set)
            {
                _set = false;
                return new(true);
            }

            if (atMost <= TimeSpan.Zero)
                return new(false);
            _core.Reset();
            _waiting = true;
            if (atMost is { } limit)
                Arm(limit < LongestTimer ? limit : LongestTimer);
            return new(this, _core.Version);
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Arm(TimeSpan dueIn)
    {
        // Timers count whole milliseconds, downwards: one that is due in 1.7 ms must not fire after 1.
        dueIn = TimeSpan.FromMilliseconds(Math.Ceiling(dueIn.TotalMilliseconds));
        if (_timer is null)
            _timer = time.CreateTimer(static self => ((AsyncSignal)self!).End(called: false), this, dueIn, Timeout.InfiniteTimeSpan);
        else
            _timer.Change(dueIn, Timeout.InfiniteTimeSpan);
    }

    private void End(bool called)
    {
        lock (_gate)
        {
            if (!_waiting)
            {
                _set |= called;
                return;
            }

            _waiting = false;
        }

        _core.SetResult(called);
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
