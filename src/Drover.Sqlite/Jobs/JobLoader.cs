using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;

namespace Drover.Sqlite.Jobs;

/// <summary>
/// Reads jobs back into memory after a start: two scans side by side, in order of seq. From the low-water mark on this
/// is recovery, and what is unfinished comes to life; before it is only finished history, for the columns.
/// </summary>
internal sealed class JobLoader(Connection connection, JobMemory memory, TimeProvider time)
{
    private readonly Statement _jobs = connection.Prepare(JobSql.ScanJobs);
    private readonly Statement _events = connection.Prepare(JobSql.ScanEvents);
    private readonly long _now = time.GetUtcNow().UtcTicks;

    public long Unfinished { get; private set; }

    public void Load(long from, long to, CancellationToken cancel)
    {
        _jobs.Bind(1, from).Bind(2, to);
        _events.Bind(1, from).Bind(2, to);
        bool more = _events.Step();
        while (_jobs.Step())
        {
            if (cancel.IsCancellationRequested)
                break;
            long seq = _jobs.Long(0);
            var fold = new JobFold(_jobs.Long(2), _jobs.Int(5), _jobs.LongOrNull(7), _jobs.Int(8) != 0);
            for (; more && _events.Long(0) <= seq; more = _events.Step())
            {
                if (_events.Long(0) == seq)
                    fold.Apply(EventRow.Read(_events, withOutcome: false));
            }

            Add(seq, fold);
        }

        _jobs.Reset();
        _events.Reset();
    }

    private void Add(long seq, in JobFold fold)
    {
        var lane = memory.Registry.LaneById(_jobs.Int(3));
        var status = fold.Status;
        var initial = status == JobStatus.Running ? JobStatus.Queued : status;
        memory.Columns.Add(
            seq, new(_jobs.Guid(1)), _jobs.Long(2), lane.Id, (JobKind)_jobs.Int(4), fold.Priority, (ushort)_jobs.Int(6), initial);
        if (status.IsFinal())
        {
            memory.Columns.SetFinished(seq, status, fold.FinishedAt ?? 0, fold.StartedAt ?? 0);
            return;
        }

        Unfinished++;
        if (_jobs.Text(9) is { } key && (fold.Attempt == 0 || !JobRules.IsFreedAtStart(key)))
            memory.UniqueKeys[key] = seq;
        var live = fold.EventNo == 0 ? null : Track(seq, lane, fold);
        if (status == JobStatus.Running)
            Run(live!, fold);
        else if (status != JobStatus.Queued)
            Wait(seq, lane, status, fold);
        else if (live is null && fold.DueAt is null)
        {
            lane.Queue.Ready[fold.Priority - 1]++;
            memory.Ready.Append(lane, fold.Priority, seq);
        }
        else
            memory.MakeReady(seq, lane, fold.Priority, fold.ReadyAt);
    }

    private LiveJob Track(long seq, Lane lane, in JobFold fold)
    {
        var live = new LiveJob(seq, _jobs.Guid(1), lane)
        {
            Attempt = fold.Attempt,
            AttemptsUsed = fold.AttemptsUsed,
            EventNo = fold.EventNo,
            WorkerId = fold.WorkerId,
            InstanceId = fold.InstanceId,
            StartedAt = fold.StartedAt ?? 0,
            ReadyAt = fold.ReadyAt,
            CancelRequestedAt = fold.CancelRequestedAt ?? 0,
            HasErrorText = fold.HasError,
            LastOutputSeq = fold.Attempt == 0 ? 0 : -1,
        };
        memory.Track(live);
        return live;
    }

    /// <summary>Its worker may be alive in another process: it gets a whole lease's time to say so.</summary>
    private void Run(LiveJob live, in JobFold fold)
    {
        live.LeaseDuration = fold.LeaseDuration;
        live.LeaseStamp = time.StampIn(fold.LeaseDuration);
        memory.Run(live);
    }

    private void Wait(long seq, Lane lane, JobStatus status, in JobFold fold)
    {
        if (fold.DueByClock)
            memory.Waiting.AddTime(seq, fold.DueAt!.Value);
        else
            memory.Waiting.AddDelay(seq, new(fold.DueAt!.Value - _now));
        memory.MakeWait(seq, lane, status);
    }
}
