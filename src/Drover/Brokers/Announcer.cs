using System.Collections.Concurrent;
using Drover.Events;
using Drover.Jobs;
using Drover.Storage;
using Drover.Telemetry;

namespace Drover.Brokers;

/// <summary>
/// What follows once the store has answered: events, waking those who wait for what became ready, signals to workers,
/// statistics. The one place where a change of state has its consequences.
/// </summary>
internal sealed class Announcer(
    EventFeed events, LeaseWaiters waiters, WorkerRegistry workers, QueuePaces paces, BrokerMetrics metrics, TimeProvider time)
{
    /// <summary>Told when a job began to wait for a time, with how long it waits at least.</summary>
    public Action<TimeSpan> Waits { get; set; } = static _ => { };

    /// <summary>Told of each change of a job's status.</summary>
    public Action<Guid, JobStatus> StatusChanged { get; set; } = static (_, _) => { };

    /// <summary>The limits in force, by limit key.</summary>
    public ConcurrentDictionary<string, int> Limits { get; } = new(StringComparer.Ordinal);

    public void Enqueued(IReadOnlyList<JobSpec> specs, IReadOnlyList<EnqueuedJob> jobs)
    {
        var now = time.GetUtcNow();
        for (int i = 0; i < jobs.Count; i++)
        {
            var (spec, job) = (specs[i], jobs[i]);
            if (job.Duplicate)
                continue;
            events.Publish(EventKind.JobCreated, job.Id, job.Status, 0, spec.Queue, now);
            metrics.Enqueued(spec.Queue, 1);
            if (job.Status == JobStatus.Scheduled)
                Waits(DueIn(spec));
        }

        for (int i = 0; i < jobs.Count;)
        {
            // Neighbours of a batch are mostly alike and wake together.
            var (first, accepted, ready) = (specs[i], 0, 0);
            for (; i < jobs.Count && IsLike(first, specs[i]); i++)
            {
                accepted += jobs[i].Duplicate ? 0 : 1;
                ready += !jobs[i].Duplicate && jobs[i].Status == JobStatus.Queued ? 1 : 0;
            }

            if (accepted > 0)
                paces.Arrived(first.Queue, accepted);
            if (ready > 0)
                waiters.Ready(first.Queue, JobRules.NeedsOf(first), ready);
        }
    }

    /// <summary>An enqueue ended in doubt: the jobs may be there, and nobody else will wake a worker for them.</summary>
    public void MayBeEnqueued(IReadOnlyList<JobSpec> specs)
    {
        foreach (string queue in specs.Select(s => s.Queue).Distinct(StringComparer.Ordinal))
            waiters.Ready(queue, null, specs.Count);
        Waits(TimeSpan.Zero);
    }

    public void Leased(IReadOnlyList<Lease> leases)
    {
        var now = time.GetUtcNow();
        for (int i = 0; i < leases.Count; i++)
        {
            var lease = leases[i];
            events.Publish(EventKind.JobChanged, lease.Token.JobId, JobStatus.Running, lease.Token.Attempt, lease.Spec.Queue, now);
            metrics.Leased(lease.Spec.Queue, lease.StartedAt - lease.ReadyAt);
        }

        paces.Waited(leases);
    }

    /// <summary>Jobs changed their state, or were asked to.</summary>
    public void Changed(IReadOnlyList<JobChange> changes)
    {
        var now = time.GetUtcNow();
        int ready = 0;
        bool waits = false;
        for (int i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            if (change.Result == ChangeResult.Accepted)
                AskToCancel(change);
            if (change.Result != ChangeResult.Done)
                continue;
            var kind = change.From == change.To ? EventKind.JobUpdated : EventKind.JobChanged;
            events.Publish(kind, change.Id, change.To, change.Attempt, change.Queue, now);
            if (change.From != change.To)
                StatusChanged(change.Id, change.To);
            if (change.From == JobStatus.Running)
                AttemptEnded(change);
            waits |= change.To is JobStatus.Scheduled or JobStatus.Retrying;

            ready += change.To == JobStatus.Queued && change.From != JobStatus.Queued ? 1 : 0;
            if (ready > 0 && (i + 1 == changes.Count || changes[i + 1].Queue != change.Queue))
            {
                waiters.Ready(change.Queue, null, ready);
                ready = 0;
            }
        }

        if (waits)
            Waits(TimeSpan.Zero);
    }

    /// <summary>Attempts whose workers are lost.</summary>
    public void Lost(IReadOnlyList<JobChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Result == ChangeResult.Done)
                metrics.LeaseLost(change.Queue);
        }

        Changed(changes);
    }

    private void AttemptEnded(JobChange change)
    {
        if (change.To.IsFinal())
            paces.Ended(change.Queue, 1);
        var held = workers.Release(change.WorkerId, new(change.Id, change.Attempt));
        if (held is { } lease && metrics.MeasuresDuration)
            metrics.Ran(change.Queue, time.GetElapsedTime(lease.Leased));
        if (!Limits.IsEmpty)
            MadeRoom(change.Queue, held);
    }

    /// <summary>The end of an attempt may have made room under a limit for one that waits.</summary>
    private void MadeRoom(string queue, HeldLease? held)
    {
        if (held is null)
            waiters.AnyReady(1);
        else if (held.Value.LimitKey is { } key && Limits.ContainsKey(key))
        {
            if (key.StartsWith("server:", StringComparison.Ordinal))
                waiters.ShellReady(1);
            else
                waiters.AnyReady(1);
        }

        if (Limits.ContainsKey(JobRules.QueueLimitKey(queue)))
            waiters.Ready(queue, null, 1);
    }

    private void AskToCancel(JobChange change)
    {
        events.Publish(EventKind.JobUpdated, change.Id, change.To, change.Attempt, change.Queue);
        workers.Find(change.WorkerId)?.Signal(new(WorkerSignalKind.Cancel, new(change.Id, change.Attempt)));
    }

    private TimeSpan DueIn(JobSpec spec) => spec.Delay ?? (spec.RunAt is { } at ? at - time.GetUtcNow() : TimeSpan.Zero);

    private static bool IsLike(JobSpec a, JobSpec b) => ReferenceEquals(a, b)
        || (a.Queue == b.Queue && a.Kind == b.Kind && a.Task?.JobType == b.Task?.JobType && a.WorkerLabels.Count == 0 && b.WorkerLabels.Count == 0);
}
