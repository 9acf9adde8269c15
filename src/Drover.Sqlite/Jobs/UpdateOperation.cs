using Drover.Jobs;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Changes the priority or time of a job that waits.</summary>
internal sealed class UpdateOperation(JobEngine engine, Guid id, JobUpdate update, CancellationToken cancel) : ChangeOperation(engine, [id], cancel)
{
    private JobStatus _to;
    private long? _dueAt;
    private long _readyAt;

    protected override bool Write(FoundJob job)
    {
        if (job.Status == JobStatus.Running || job.Status.IsFinal())
            return false;
        long now = Engine.NowTicks;
        var before = Engine.Rows.Fold(job.Head, Engine.Memory.Columns.PriorityOf(job.Seq));
        (_to, _dueAt) = (job.Status, before.DueAt);
        _readyAt = job.Live?.ReadyAt is > 0 and var ready ? ready : before.ReadyAt;
        if (update.RunAt?.UtcTicks is { } runAt && runAt > now)
            (_to, _dueAt) = (JobStatus.Scheduled, runAt);
        else if (update.RunAt is not null && job.Status != JobStatus.Queued)
            (_to, _dueAt, _readyAt) = (JobStatus.Queued, null, now);
        Engine.Writer.Begin();
        Engine.Rows.InsertEvent(new()
        {
            Seq = job.Seq,
            No = job.EventNo + 1,
            Kind = EventKind.Updated,
            At = now,
            Attempt = job.Attempt,
            Status = _to,
            Used = job.AttemptsUsed,
            DueAt = _dueAt,
            Priority = update.Priority,
            StartedAt = _to == JobStatus.Queued ? _readyAt : null,
        });
        return true;
    }

    protected override JobChange Apply(FoundJob job)
    {
        var memory = Engine.Memory;
        var live = job.ToLive();
        live.EventNo++;
        memory.Track(live);
        bool moves = update.RunAt is not null && _to != JobStatus.Queued;
        if (job.Status != JobStatus.Queued && !moves && _to == job.Status)
        {
            // It waits on as it did, for another priority.
            memory.Columns.SetPriority(job.Seq, update.Priority ?? memory.Columns.PriorityOf(job.Seq));
            return job.Change(ChangeResult.Done, _to);
        }

        memory.TakeOut(job.Seq, job.Lane);
        int priority = update.Priority ?? memory.Columns.PriorityOf(job.Seq);
        memory.Columns.SetPriority(job.Seq, priority);
        if (_to == JobStatus.Queued)
            memory.MakeReady(job.Seq, job.Lane, priority, _readyAt);
        else
        {
            memory.Waiting.AddTime(job.Seq, _dueAt!.Value);
            memory.MakeWait(job.Seq, job.Lane, _to);
        }

        return job.Change(ChangeResult.Done, _to);
    }
}
