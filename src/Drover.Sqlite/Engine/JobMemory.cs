using System.Collections.Concurrent;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Sqlite.Engine;

/// <summary>
/// All that memory knows of jobs, and the moves between their states. Belongs to the writer thread, which makes a move
/// only when it is on disk (or needs not be): memory never runs ahead of the file.
/// </summary>
internal sealed class JobMemory(QueueOptions options, TimeProvider time)
{
    /// <summary>Unfinished jobs to which something has happened.</summary>
    private readonly Dictionary<long, LiveJob> _live = [];

    public Columns Columns { get; } = new();

    public Registry Registry { get; } = new(options);

    public WaitingIndex Waiting { get; } = new(time);

    public RecentSpecs Recent { get; } = new();

    public Dictionary<string, long> UniqueKeys { get; } = new(StringComparer.Ordinal);

    /// <summary>The running jobs by id; other threads look here too.</summary>
    public ConcurrentDictionary<Guid, LiveJob> Running { get; } = new(1, 1024);

    public ReadyIndex Ready => field ??= new(Columns, options);

    public LiveJob? LiveOf(long seq) => _live.GetValueOrDefault(seq);

    public void Track(LiveJob job) => _live[job.Seq] = job;

    public void MakeReady(long seq, Lane lane, int priority, long readyAt)
    {
        if (LiveOf(seq) is { } live)
            live.ReadyAt = readyAt;
        Columns.SetStatus(seq, JobStatus.Queued);
        lane.Queue.Ready[priority - 1]++;
        Ready.Return(lane, priority, seq, readyAt);
    }

    /// <summary>Counts a job that was made to wait in <see cref="Waiting"/>.</summary>
    public void MakeWait(long seq, Lane lane, JobStatus status)
    {
        Columns.SetStatus(seq, status);
        CountWaiting(lane, status, 1);
    }

    /// <summary>Takes a waiting job out of where it waits.</summary>
    public void TakeOut(long seq, Lane lane)
    {
        var status = Columns.StatusOf(seq);
        if (status == JobStatus.Queued)
        {
            lane.Queue.Ready[Columns.PriorityOf(seq) - 1]--;
            return;
        }

        Waiting.Remove(seq);
        CountWaiting(lane, status, -1);
    }

    public static void CountWaiting(Lane lane, JobStatus status, int by)
    {
        if (status == JobStatus.Scheduled)
            lane.Queue.Scheduled += by;
        else
            lane.Queue.Retrying += by;
    }

    /// <summary>Makes a ready job run. It must not be listed as ready any more.</summary>
    public void Run(LiveJob job)
    {
        Running[job.Id] = job;
        Columns.SetStatus(job.Seq, JobStatus.Running);
        job.Lane.Queue.Running++;
        if (job.Lane.Limit is { } limit)
            limit.Running++;
    }

    /// <summary>Ends an attempt; the job's next state is to follow.</summary>
    public void EndRun(LiveJob job)
    {
        Running.TryRemove(job.Id, out _);
        job.Lane.Queue.Running--;
        if (job.Lane.Limit is { } limit)
            limit.Running--;
        job.Spec = null;
        job.StartPending = false;
        job.StagedBy = null;
    }

    public void Finish(long seq, JobStatus status, long finishedAt, long startedAt, string? uniqueKey)
    {
        Columns.SetFinished(seq, status, finishedAt, startedAt);
        _live.Remove(seq);
        if (uniqueKey is not null)
            FreeKey(uniqueKey, seq);
    }

    /// <summary>Frees a unique key if this job holds it.</summary>
    public void FreeKey(string uniqueKey, long seq)
    {
        if (UniqueKeys.TryGetValue(uniqueKey, out long holder) && holder == seq)
            UniqueKeys.Remove(uniqueKey);
    }
}
