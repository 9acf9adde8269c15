using System.Threading.Tasks.Sources;

namespace Drover.Events;

/// <summary>A reader that waits for the next event it cares about. One object serves a reader for its whole life.</summary>
internal sealed class EventWaiter(EventTopics topics, Guid? jobId) : IValueTaskSource<long>
{
    /// <summary>What a waiter hears when there will be no more events.</summary>
    public const long NoMore = -1;

    private ManualResetValueTaskSourceCore<long> _core = new() { RunContinuationsAsynchronously = true };

    public Guid? JobId => jobId;

    /// <summary>Whether it stands in the feed's lists; guarded by the feed's lock.</summary>
    public bool IsListed { get; set; }

    public bool Wants(in BrokerEvent e) => (topics & e.Topic) != 0 && (jobId is not { } id || id == e.JobId || e.Kind == EventKind.Missed);

    public ValueTask<long> Begin()
    {
        _core.Reset();
        return new(this, _core.Version);
    }

    /// <summary>Ends the wait, once for each <see cref="Begin"/>, with the seq of the event that woke it.</summary>
    public void End(long seq) => _core.SetResult(seq);

    long IValueTaskSource<long>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<long>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<long>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
