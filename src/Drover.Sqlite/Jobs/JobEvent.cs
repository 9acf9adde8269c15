using Drover.Jobs;

namespace Drover.Sqlite.Jobs;

/// <summary>What happened to a job. The numbers are stored; never change them.</summary>
internal enum EventKind : byte
{
    /// <summary>An attempt started.</summary>
    Started = 1,

    /// <summary>An attempt ended; with when it started, when that was not written before.</summary>
    Ended = 2,

    /// <summary>Priority or time were changed.</summary>
    Updated = 3,

    /// <summary>Somebody asked to cancel it while it ran.</summary>
    CancelRequested = 4,

    /// <summary>It was canceled while it waited.</summary>
    Canceled = 5,

    /// <summary>Somebody retried it after it had failed.</summary>
    Retried = 6,

    /// <summary>Its time came, and it became ready.</summary>
    Promoted = 7,
}

/// <summary>One row of <c>events</c>; times are UTC ticks.</summary>
internal record struct JobEvent
{
    public long Seq;
    public int No;
    public EventKind Kind;
    public long At;
    public int Attempt;
    public JobStatus Status;
    public int Used;
    public long? DueAt;
    public int? Priority;
    public long? StartedAt;
    public string? Who;
    public Guid? Instance;
    public AttemptOutcome? Outcome;

    /// <summary>Read without its outcome: whether that had an error text.</summary>
    public bool HasError;
}
