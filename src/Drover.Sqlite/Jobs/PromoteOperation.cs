using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Makes ready what is due.</summary>
internal sealed class PromoteOperation(JobEngine engine, int max, CancellationToken cancel) : Operation<PromoteResult>(cancel)
{
    private readonly List<Promotion> _due = [];
    private long _now;

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        // What the group changes still stands among the waiting.
        if (engine.HasTouched)
            return StageResult.Conflicts;
        var memory = engine.Memory;
        _now = engine.NowTicks;
        engine.Writer.Begin();
        while (_due.Count < max && memory.Waiting.TryTake(out long seq, out var due))
        {
            var live = memory.LiveOf(seq) ?? Load(seq, due);
            if (live is null)
                continue;
            _due.Add(new(live, due));
            engine.Touch(seq);
            engine.Rows.InsertEvent(new()
            {
                Seq = seq,
                No = live.EventNo + 1,
                Kind = EventKind.Promoted,
                At = _now,
                Attempt = live.Attempt,
                Status = JobStatus.Queued,
                Used = live.AttemptsUsed,
            });
        }

        return _due.Count == 0 ? Answer(new([], memory.Waiting.NextDue())) : StageResult.Waits;
    }

    private LiveJob? Load(long seq, WaitingIndex.Due due)
    {
        try
        {
            return engine.Rows.TryGetHead(seq, out var head) ? new(seq, head.Id, engine.Memory.Registry.LaneById(head.Lane)) { LastOutputSeq = 0 } : null;
        }
        catch (SqliteFailure)
        {
            engine.Memory.Waiting.Restore(seq, due);
            throw;
        }
    }

    public override void Apply()
    {
        var memory = engine.Memory;
        var changes = new List<JobChange>(_due.Count);
        foreach (var (live, _) in _due)
        {
            var from = memory.Columns.StatusOf(live.Seq);
            live.EventNo++;
            memory.Track(live);
            JobMemory.CountWaiting(live.Lane, from, -1);
            memory.MakeReady(live.Seq, live.Lane, memory.Columns.PriorityOf(live.Seq), _now);
            changes.Add(live.Change(ChangeResult.Done, from, JobStatus.Queued));
        }

        Answer(new(changes, memory.Waiting.NextDue()));
    }

    public override void Undo()
    {
        foreach (var (live, due) in _due)
            engine.Memory.Waiting.Restore(live.Seq, due);
    }

    private readonly record struct Promotion(LiveJob Job, WaitingIndex.Due Due);
}
