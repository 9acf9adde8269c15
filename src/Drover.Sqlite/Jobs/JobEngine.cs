using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Sqlite.Jobs;

/// <summary>What the operations on jobs work with: the file's rows, memory, and what the present group has staged. Belongs to the writer thread.</summary>
internal sealed class JobEngine
{
    /// <summary>The mark from which recovery scans is moved up when this many jobs lie behind it.</summary>
    private const long LowWaterStep = 4096;

    private readonly List<LiveJob> _pendingStarts = [];
    private readonly HashSet<long> _touched = [];
    private readonly HashSet<string> _stagedKeys = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _stagedIds = [];
    private readonly Dictionary<QueueState, long> _stagedWaiting = [];
    private long _savedLowWater = 1;
    private long _lowWater = 1;
    private long? _stagedLowWater;
    private long _lastSeq;
    private long _stagedSeq;

    public JobEngine(Connection connection, string path, JobMemory memory, QueueOptions options, TimeProvider time, ILogger log)
    {
        (Memory, Options, Time) = (memory, options, time);
        Rows = new(connection);
        Writer = new(connection, path, log) { HasMore = HasMore, BeforeCommit = BeforeCommit, GroupEnded = GroupEnded };
    }

    public JobMemory Memory { get; }

    public JobRows Rows { get; }

    public QueueOptions Options { get; }

    public TimeProvider Time { get; }

    public Random Random { get; } = new();

    public WriterThread Writer { get; }

    /// <summary>Finds a job's last output seq, for a further attempt.</summary>
    public required Func<long, long> LastOutputSeq { get; init; }

    public long NowTicks => Time.GetUtcNow().UtcTicks;

    public long StampIn(TimeSpan duration) => Time.StampIn(duration);

    public static JobChange NotFound(Guid id) => new(id, ChangeResult.NotFound, default, default, "", 0, null);

    /// <summary>A job by its id, whatever its status; null when there is none.</summary>
    public FoundJob? Find(Guid id)
    {
        foreach (long seq in Memory.Columns.FindId(id))
        {
            if (!Rows.TryGetHead(seq, out var head) || head.Id != id)
                continue;
            var lane = Memory.Registry.LaneById(head.Lane);
            var status = Memory.Columns.StatusOf(seq);
            if (Memory.LiveOf(seq) is { } live)
                return new(head, lane, status, live, default);
            return new(head, lane, status, null, status.IsFinal() ? Rows.Fold(head, Memory.Columns.PriorityOf(seq)) : default);
        }

        return null;
    }

    /// <summary>Whether the present group changes a job that does not run; such a job is left alone until the commit.</summary>
    public bool IsTouched(long seq) => _touched.Contains(seq);

    public bool HasTouched => _touched.Count > 0;

    public void Touch(long seq) => _touched.Add(seq);

    /// <summary>Claims a unique key (<c>u:</c>) or idempotency key (<c>i:</c>) for the present group.</summary>
    public bool IsStagedKey(string key) => _stagedKeys.Contains(key);

    public void StageKey(string key) => _stagedKeys.Add(key);

    /// <summary>Whether the present group accepts jobs whose ids begin like this one.</summary>
    public bool IsStagedId(Guid id) => _stagedIds.Contains(new JobKey(id).High);

    public void StageId(Guid id) => _stagedIds.Add(new JobKey(id).High);

    public long NextSeq() => ++_stagedSeq;

    public long StagedWaiting(QueueState queue) => _stagedWaiting.GetValueOrDefault(queue);

    public void StageWaiting(QueueState queue) => _stagedWaiting[queue] = StagedWaiting(queue) + 1;

    public void StartLater(LiveJob job) => _pendingStarts.Add(job);

    public void ForgetStart(LiveJob job) => _pendingStarts.Remove(job);

    public void WriteStart(LiveJob job) => Rows.InsertEvent(new()
    {
        Seq = job.Seq,
        No = job.EventNo,
        Kind = EventKind.Started,
        At = job.StartedAt,
        Attempt = job.Attempt,
        Status = JobStatus.Running,
        Used = job.AttemptsUsed,
        DueAt = job.LeaseDuration.Ticks,
        Who = job.WorkerId,
        Instance = job.InstanceId,
    });

    /// <summary>Continues after what recovery has found.</summary>
    public void ContinueFrom(long lastSeq, long lowWater)
    {
        _lastSeq = _stagedSeq = lastSeq;
        _lowWater = _savedLowWater = lowWater;
    }

    /// <summary>An old job comes to life again: recovery must find it.</summary>
    public void LowerWater(long seq)
    {
        _lowWater = Math.Min(_lowWater, seq);
        if (seq < (_stagedLowWater ?? _savedLowWater))
            SaveLowWater();
    }

    public void DeleteRows(long seq)
    {
        bool hasOtherTags = Memory.Columns.Of(seq)!.Tagset[Columns.Row(seq)] == Registry.OtherTags;
        Rows.Delete(seq, hasOtherTags && Rows.TryGetWork(seq, out _, out var spec) ? spec.Tags : []);
    }

    private bool HasMore() => _pendingStarts.Count > 0;

    private bool BeforeCommit()
    {
        foreach (var job in _pendingStarts)
        {
            if (job.StartPending && job.StagedBy is not FinishOperation)
                WriteStart(job);
        }

        if (Memory.Registry.HasUnsaved)
            Memory.Registry.Save(Rows.InsertLane, Rows.InsertTagset);
        // What the group changes is not in memory yet.
        while (_touched.Count == 0 && _lowWater <= _lastSeq && IsBehind(Memory.Columns.StatusOf(_lowWater)))
            _lowWater++;
        if (_lowWater - _savedLowWater >= LowWaterStep)
            SaveLowWater();
        return true;

        static bool IsBehind(JobStatus status) => status == 0 || status.IsFinal();
    }

    private void SaveLowWater()
    {
        Rows.SetMark("low_water", _lowWater);
        _stagedLowWater = _lowWater;
    }

    private void GroupEnded(bool committed)
    {
        _touched.Clear();
        _stagedKeys.Clear();
        _stagedIds.Clear();
        _stagedWaiting.Clear();
        if (!committed)
        {
            _stagedSeq = _lastSeq;
            _stagedLowWater = null;
            return;
        }

        _lastSeq = _stagedSeq;
        _savedLowWater = _stagedLowWater ?? _savedLowWater;
        _stagedLowWater = null;
        foreach (var job in _pendingStarts)
            job.StartPending = false;
        _pendingStarts.Clear();
        Memory.Registry.Saved();
    }
}
