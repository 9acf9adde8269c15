using Drover.Brokers.Duties;
using Drover.Brokers.Following;
using Drover.Brokers.Presence;
using Drover.Events;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Brokers;

/// <summary>Gives news of other nodes on a shared store the consequences they have on this one.</summary>
internal sealed class SharedNews(
    EventFeed events, LeaseWaiters waiters, WorkerRegistry workers, NodeWorkers nodeWorkers, Announcer announcer, FollowDuty follow, ExpireLeasesDuty expire,
    InboxDuty? inbox) : ISharedStoreNode
{
    /// <summary>What is looked at only because news may be lost need not be looked at to the moment.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    public void Heard(IReadOnlyList<BrokerEvent> heard)
    {
        bool waits = false, ended = false;
        foreach (var e in heard)
        {
            events.Repeat(e);
            if (e.Kind == EventKind.WorkerDraining)
                nodeWorkers.Asked(e.Subject!);
            if (e.Kind == EventKind.QueueResumed)
                waiters.Ready(e.Subject!, null, long.MaxValue);
            if (e.Kind == EventKind.JobDeleted)
                follow.Deleted(e.JobId);
            else if (e.Kind == EventKind.JobChanged)
                follow.Changed(e.JobId, e.Status);
            if (e.Kind is not (EventKind.JobCreated or EventKind.JobChanged or EventKind.JobUpdated))
                continue;
            waits |= e.Status is JobStatus.Scheduled or JobStatus.Retrying;
            if (e.Status == JobStatus.Queued && e.Kind != EventKind.JobUpdated)
                waiters.Ready(e.Subject!, null, 1);
            if (e.Attempt == 0)
                continue;
            if (e.Status != JobStatus.Running)
                ended |= e.Kind == EventKind.JobChanged && TakeAway(new(e.JobId, e.Attempt));
            else if (e.Kind == EventKind.JobUpdated)
                AskToCancel(new(e.JobId, e.Attempt));
        }

        if (waits)
            announcer.Waits(TimeSpan.Zero);
        if (ended && !announcer.Limits.IsEmpty)
            waiters.AnyReady(long.MaxValue);
    }

    public void Missed()
    {
        events.PublishMissed();
        waiters.AnyReady(long.MaxValue);
        announcer.Waits(TimeSpan.Zero);
        follow.LookAtAll();
        inbox?.LookAtAll();
    }

    public void Leads()
    {
        announcer.Waits(TimeSpan.Zero);
        follow.LookAtAll();
        inbox?.LookAtAll();
    }

    public void Saw(in StoreLook look)
    {
        if (look.Ready)
            waiters.AnyReady(long.MaxValue);
        if (look.NextDue is { } due)
            announcer.Waits(due + Tolerance);
        expire.EndsIn(look.NextLeaseEnd);
        follow.Held = look.Held;
    }

    public void InboxFilled() => inbox?.Look();

    /// <summary>Also when it was held elsewhere its end may have made room under a limit that counts for all nodes.</summary>
    private bool TakeAway(LeaseToken token)
    {
        foreach (var session in workers.Sessions)
        {
            if (session.Held.Remove(token) is not null)
                break;
        }

        return true;
    }

    private void AskToCancel(LeaseToken token)
    {
        foreach (var session in workers.Sessions)
        {
            if (session.Held.Contains(token))
                session.Signal(new(WorkerSignalKind.Cancel, token));
        }
    }
}
