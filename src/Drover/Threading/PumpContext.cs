namespace Drover.Threading;

/// <summary>
/// Runs the continuations of what one thread awaits on that thread. So they go on when the thread pool is busy with
/// other people's code.
/// </summary>
internal sealed class PumpContext : SynchronizationContext
{
    private readonly object _gate = new();
    private Queue<(SendOrPostCallback Call, object? State)> _posted = new();
    private Queue<(SendOrPostCallback Call, object? State)> _running = new();
    private bool _called;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_gate)
        {
            _posted.Enqueue((d, state));
            Monitor.Pulse(_gate);
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Ends the wait in <see cref="RunAll"/>.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _called = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits until something was posted, somebody called or the time is over, then runs all that was posted.</summary>
    public void RunAll(TimeSpan atMost)
    {
        lock (_gate)
        {
            if (_posted.Count == 0 && !_called)
                Monitor.Wait(_gate, atMost);
            _called = false;
            (_posted, _running) = (_running, _posted);
        }

        while (_running.TryDequeue(out var next))
            next.Call(next.State);
    }
}
