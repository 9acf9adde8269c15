using System.Threading.Tasks.Sources;

namespace Drover.Brokers;

/// <summary>A call that waits until a job may be ready for it.</summary>
internal sealed class LeaseWaiter : IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public LeaseWaiter(WorkerClass of, WorkerSession session, int max)
    {
        Class = of;
        Session = session;
        Max = max;
        Node = new(this);
    }

    public WorkerClass Class { get; }

    public WorkerSession Session { get; }

    /// <summary>How many jobs it can take.</summary>
    public int Max { get; }

    public LinkedListNode<LeaseWaiter> Node { get; }

    public ValueTask<bool> Task => new(this, _core.Version);

    /// <summary>Ends the wait: true when a job may be ready. Called once, by whoever took it out of the list.</summary>
    public void End(bool ready) => _core.SetResult(ready);

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
