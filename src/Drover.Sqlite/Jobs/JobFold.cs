using Drover.Jobs;

namespace Drover.Sqlite.Jobs;

/// <summary>A job's state as the fold of its events. The one place where the meaning of the rows is written down.</summary>
internal struct JobFold
{
    public JobStatus Status;
    public int Priority;
    public long? DueAt;
    public long? StartedAt;
    public long? FinishedAt;
    public int Attempt;
    public int AttemptsUsed;
    public int EventNo;
    public long ReadyAt;
    public AttemptOutcome? Outcome;
    public bool HasError;

    /// <summary>Whether the time it waits for is one of the wall clock, not the end of a delay.</summary>
    public bool DueByClock;
    public long? CancelRequestedAt;
    public string? CanceledBy;
    public string? WorkerId;
    public Guid InstanceId;
    public TimeSpan LeaseDuration;

    public JobFold(long createdAt, int priority, long? dueAt, bool delayed = false)
    {
        DueByClock = !delayed;
        Priority = priority;
        DueAt = dueAt;
        Status = dueAt is null ? JobStatus.Queued : JobStatus.Scheduled;
        ReadyAt = dueAt ?? createdAt;
    }

    public void Apply(in JobEvent e)
    {
        EventNo = e.No;
        Status = e.Status;
        AttemptsUsed = e.Used;
        switch (e.Kind)
        {
            case EventKind.Started:
                Start(e, e.At);
                LeaseDuration = new(e.DueAt ?? 0);
                break;
            case EventKind.Ended:
                if (e.StartedAt is { } startedAt)
                    Start(e, startedAt);
                Outcome = e.Outcome;
                DueAt = e.Status.IsFinal() ? DueAt : e.DueAt;
                DueByClock = false;
                HasError = e.HasError;
                ReadyAt = e.DueAt ?? e.At;
                FinishedAt = e.Status.IsFinal() ? e.At : null;
                break;
            case EventKind.Updated:
                Priority = e.Priority ?? Priority;
                DueByClock |= e.DueAt != DueAt;
                DueAt = e.DueAt;
                ReadyAt = e.StartedAt ?? e.DueAt ?? e.At;
                break;
            case EventKind.CancelRequested:
                (CancelRequestedAt, CanceledBy) = (e.At, e.Who);
                break;
            case EventKind.Canceled:
                (CancelRequestedAt, CanceledBy) = (e.At, e.Who);
                FinishedAt = e.At;
                break;
            case EventKind.Promoted:
                ReadyAt = e.At;
                break;
            case EventKind.Retried:
                (CancelRequestedAt, CanceledBy, FinishedAt, DueAt, ReadyAt) = (null, null, null, null, e.At);
                break;
        }
    }

    private void Start(in JobEvent e, long at)
    {
        Attempt = e.Attempt;
        StartedAt = at;
        WorkerId = e.Who;
        InstanceId = e.Instance ?? default;
    }
}
