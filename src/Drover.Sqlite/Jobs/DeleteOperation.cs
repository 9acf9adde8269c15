using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Deletes finished jobs that somebody named.</summary>
internal sealed class DeleteOperation(JobEngine engine, IReadOnlyList<Guid> ids, Action<long> deleted, CancellationToken cancel) : ChangeOperation(engine, ids, cancel)
{
    protected override bool Write(FoundJob job)
    {
        if (!job.Status.IsFinal())
            return false;
        Engine.Writer.Begin();
        Engine.DeleteRows(job.Seq);
        return true;
    }

    protected override JobChange Apply(FoundJob job)
    {
        Engine.Memory.Columns.Remove(job.Seq);
        deleted(job.Seq);
        return job.Change(ChangeResult.Done, job.Status);
    }
}

/// <summary>Deletes a batch of old jobs that retention has picked, and old idempotency keys.</summary>
internal sealed class RetainOperation(JobEngine engine, IReadOnlyList<(long Seq, long FinishedAt)> old, int max, Action<long> deleted, CancellationToken cancel)
    : Operation<int>(cancel)
{
    private readonly List<long> _deleted = [];

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        if (old.Any(job => engine.IsTouched(job.Seq)))
            return StageResult.Conflicts;
        engine.Writer.Begin();
        engine.Rows.DeleteOldAnswers(engine.NowTicks - EnqueueOperation.IdempotencyPeriod.Ticks, max);
        foreach (var (seq, finishedAt) in old)
        {
            // Meanwhile it may have been retried or deleted.
            if (!engine.Memory.Columns.StatusOf(seq).IsFinal() || engine.Memory.Columns.Of(seq)!.Finished[Columns.Row(seq)] != finishedAt)
                continue;
            engine.DeleteRows(seq);
            engine.Touch(seq);
            _deleted.Add(seq);
        }

        return StageResult.Waits;
    }

    public override void Apply()
    {
        foreach (long seq in _deleted)
        {
            engine.Memory.Columns.Remove(seq);
            deleted(seq);
        }

        Answer(_deleted.Count);
    }
}
