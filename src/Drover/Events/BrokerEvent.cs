using Drover.Jobs;

namespace Drover.Events;

/// <summary>What an event is about.</summary>
[Flags]
public enum EventTopics : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A job's state changed, it was added or deleted.</summary>
    Jobs = 1,

    /// <summary>A job has new output.</summary>
    Output = 2,

    /// <summary>A worker came, went or changed.</summary>
    Workers = 4,

    /// <summary>A queue was paused or resumed.</summary>
    Queues = 8,

    /// <summary>A server was added, changed, checked or removed.</summary>
    Servers = 16,

    /// <summary>Everything.</summary>
    All = Jobs | Output | Workers | Queues | Servers,
}

/// <summary>What happened.</summary>
public enum EventKind : byte
{
    /// <summary>The reader was too slow, or asks for what is no longer kept: events are missing before this one. Read the state anew.</summary>
    Missed,

    /// <summary>A job was accepted.</summary>
    JobCreated,

    /// <summary>A job's status changed; see <see cref="BrokerEvent.Status"/>.</summary>
    JobChanged,

    /// <summary>A job's priority or time changed, or its cancel was requested.</summary>
    JobUpdated,

    /// <summary>A job was deleted.</summary>
    JobDeleted,

    /// <summary>A job has new output.</summary>
    OutputAppended,

    /// <summary>A worker connected.</summary>
    WorkerConnected,

    /// <summary>A worker began to drain.</summary>
    WorkerDraining,

    /// <summary>A worker left or was lost.</summary>
    WorkerGone,

    /// <summary>A queue was paused.</summary>
    QueuePaused,

    /// <summary>A queue was resumed.</summary>
    QueueResumed,

    /// <summary>A server was added or changed.</summary>
    ServerChanged,

    /// <summary>A server was removed.</summary>
    ServerDeleted,

    /// <summary>A server's reachability was checked.</summary>
    ServerChecked,
}

/// <summary>
/// Something that happened, small enough to be published a hundred thousand times a second: readers fetch the rest.
/// </summary>
/// <param name="Seq">Rises from event to event, also over restarts of the process (it starts from the clock).</param>
/// <param name="At">When it was published.</param>
/// <param name="Kind">What happened.</param>
/// <param name="JobId">The job; empty when it is about something else.</param>
/// <param name="Status">The job's status.</param>
/// <param name="Attempt">The job's latest attempt.</param>
/// <param name="Subject">For jobs the queue; else the worker's id, the queue's name, the server's id.</param>
public readonly record struct BrokerEvent(
    long Seq, DateTimeOffset At, EventKind Kind, Guid JobId = default, JobStatus Status = default, int Attempt = 0, string? Subject = null)
{
    /// <summary>What it is about; <see cref="EventTopics.All"/> for <see cref="EventKind.Missed"/>.</summary>
    public EventTopics Topic => Kind switch
    {
        EventKind.Missed => EventTopics.All,
        EventKind.OutputAppended => EventTopics.Output,
        <= EventKind.JobDeleted => EventTopics.Jobs,
        <= EventKind.WorkerGone => EventTopics.Workers,
        <= EventKind.QueueResumed => EventTopics.Queues,
        _ => EventTopics.Servers,
    };
}

/// <summary>The stream of events.</summary>
public interface IEventFeed
{
    /// <summary>The seq of the latest event; what to pass as <c>after</c> to hear only what comes.</summary>
    long LastSeq { get; }

    /// <summary>
    /// The events after a point, then those to come, until canceled. A reader costs nothing while it waits and holds
    /// nobody up: what it is too slow for is replaced by one <see cref="EventKind.Missed"/>.
    /// </summary>
    /// <param name="topics">Only these.</param>
    /// <param name="after">The last seq the reader has seen; null to begin now. Unknown or too old: the first event is a <see cref="EventKind.Missed"/>.</param>
    /// <param name="jobId">Only events about this job; null for any.</param>
    /// <param name="cancel">Ends the stream.</param>
    IAsyncEnumerable<BrokerEvent> ReadAsync(EventTopics topics, long? after = null, Guid? jobId = null, CancellationToken cancel = default);
}
