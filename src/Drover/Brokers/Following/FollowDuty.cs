using Drover.Brokers.Duties;
using Drover.Jobs;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Following;

/// <summary>
/// Makes jobs that wait for others ready when those have ended, or cancels them. All it knows stands in the store: who
/// waits is a job of its own, freed by a change that can be made again without harm. So a crash at any point is made
/// good by the look at everything with which each start begins, and on a shared store any node can do it.
/// </summary>
internal sealed class FollowDuty(IJobStore store, Announcer announcer, TimeProvider time, ILogger log) : Duty("follow", time, log)
{
    private const int Page = 500;
    private static readonly TimeSpan LookAlone = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookShared = TimeSpan.FromSeconds(15);

    private readonly Awaited _awaited = new();
    private volatile bool _lookAtAll = true;
    private volatile bool _held = true;
    private long _lookedAt;

    /// <summary>Whether any job waits for another, as far as a store knows that looks by itself.</summary>
    public bool Held
    {
        set => _held = value;
    }

    /// <summary>Jobs that wait were accepted, or may have been.</summary>
    public void Accepted(IReadOnlyList<JobSpec> specs, IReadOnlyList<EnqueuedJob> jobs)
    {
        for (int i = 0; i < jobs.Count; i++)
        {
            if (specs[i].After is not { } after || jobs[i].Duplicate)
                continue;
            _awaited.Add(jobs[i].Id, after.Id);
            // It may have ended before anybody waited for it.
            _awaited.Ended(after.Id);
        }

        Wake();
    }

    /// <summary>What is known may be wrong: the next round looks at every job that waits.</summary>
    public void LookAtAll()
    {
        _lookAtAll = true;
        Wake();
    }

    /// <summary>A job's status is another now.</summary>
    public void Changed(Guid id, JobStatus status)
    {
        if (_awaited.Changed(id, status.IsFinal()))
            Wake();
    }

    /// <summary>A job was deleted.</summary>
    public void Deleted(Guid id)
    {
        if (_awaited.Deleted(id))
            Wake();
    }

    public override async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        var every = store is ISharedStore ? LookShared : LookAlone;
        bool due = _lookedAt == 0 || (_held && Time.GetElapsedTime(_lookedAt) >= every && store is not ISharedStore { IsLeader: false });
        if (_lookAtAll || due)
            await LookAsync(cancel);
        while (_awaited.TakeEnded() is { Count: > 0 } ended)
        {
            for (int i = 0; i < ended.Count; i++)
            {
                try
                {
                    await SettleAsync(ended[i].Awaited, ended[i].Followers, cancel);
                }
                catch
                {
                    foreach (var (awaited, _) in ended.Skip(i))
                        _awaited.Ended(awaited);
                    throw;
                }
            }
        }

        return every;
    }

    /// <summary>Reads who waits from the store.</summary>
    private async ValueTask LookAsync(CancellationToken cancel)
    {
        _lookAtAll = false;
        try
        {
            var waiting = new JobFilter { Statuses = [JobStatus.Scheduled], Tag = HeldJobs.Tag };
            await foreach (var job in ListAsync(waiting, cancel))
            {
                if (HeldJobs.IsHeld(job))
                    _awaited.Add(job.Id, job.Spec.After!.Id);
            }

            foreach (var awaited in _awaited.All)
                _awaited.Ended(awaited);
            _lookedAt = Time.GetTimestamp();
        }
        catch
        {
            _lookAtAll = true;
            throw;
        }
    }

    private async ValueTask SettleAsync(Guid awaited, IReadOnlyList<Guid> followers, CancellationToken cancel)
    {
        var held = new List<Job>();
        foreach (var ids in followers.Chunk(Page))
            held.AddRange((await store.GetAsync(ids, cancel)).OfType<Job>().Where(HeldJobs.IsHeld));
        var settled = followers.Except(held.Select(job => job.Id)).ToList();
        foreach (var group in held.GroupBy(job => job.Spec.After!.IsBatch))
        {
            var state = group.Key ? await StateOfBatchAsync(awaited, cancel) : await StateOfJobAsync(awaited, cancel);
            foreach (var job in group)
            {
                if (await FollowAsync(job, state, cancel))
                    settled.Add(job.Id);
            }
        }

        _awaited.Remove(awaited, settled);
    }

    /// <summary>Frees a job, cancels it or leaves it waiting (false).</summary>
    private async ValueTask<bool> FollowAsync(Job job, AwaitedState state, CancellationToken cancel)
    {
        var after = job.Spec.After!;
        if (state == AwaitedState.Unfinished || (state == AwaitedState.Failed && after.On == AfterOutcome.Success))
            return false;
        if (state == AwaitedState.Canceled && after.On == AfterOutcome.Success)
        {
            string what = after.IsBatch ? "batch" : "job";
            announcer.Changed(await store.CancelAsync([job.Id], $"the {what} {after.Id} before it, which was canceled or deleted", cancel));
            return true;
        }

        announcer.Changed([await store.UpdateAsync(job.Id, new(null, Time.GetUtcNow() + after.Delay), cancel)]);
        return true;
    }

    private async ValueTask<AwaitedState> StateOfJobAsync(Guid id, CancellationToken cancel) => (await store.GetAsync([id], cancel))[0] switch
    {
        { Status: JobStatus.Completed } => AwaitedState.Succeeded,
        { Status: JobStatus.Failed } => AwaitedState.Failed,
        null or { Status: JobStatus.Canceled } => AwaitedState.Canceled,
        _ => AwaitedState.Unfinished,
    };

    private async ValueTask<AwaitedState> StateOfBatchAsync(Guid id, CancellationToken cancel)
    {
        var counts = await store.CountAsync(new() { OriginId = id }, cancel);
        bool unfinished = counts.Scheduled + counts.Queued + counts.Running + counts.Retrying > 0;
        if (unfinished || counts.Failed > 0)
            await WatchJobsAsync(id, cancel);
        return unfinished ? AwaitedState.Unfinished
            : counts.Canceled > 0 ? AwaitedState.Canceled
            : counts.Failed > 0 ? AwaitedState.Failed : AwaitedState.Succeeded;
    }

    private async ValueTask WatchJobsAsync(Guid batch, CancellationToken cancel)
    {
        var (unfinished, failed) = (new List<Guid>(), new List<Guid>());
        var statuses = new JobFilter
        {
            OriginId = batch,
            Statuses = [JobStatus.Scheduled, JobStatus.Queued, JobStatus.Running, JobStatus.Retrying, JobStatus.Failed],
        };
        await foreach (var job in ListAsync(statuses, cancel))
            (job.Status == JobStatus.Failed ? failed : unfinished).Add(job.Id);
        _awaited.SetJobsOf(batch, unfinished, failed);
        if (unfinished.Count == 0 && failed.Count == 0)
            _awaited.Ended(batch);
        // Those that ended while they were listed are not waited for.
        foreach (var ids in unfinished.Chunk(Page))
        {
            var now = await store.GetAsync(ids, cancel);
            for (int i = 0; i < ids.Length; i++)
            {
                if (now[i] is null or { Status: JobStatus.Completed or JobStatus.Failed or JobStatus.Canceled })
                    _awaited.Changed(ids[i], ended: true);
            }
        }
    }

    private async IAsyncEnumerable<Job> ListAsync(JobFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        string? cursor = null;
        do
        {
            var page = await store.ListAsync(new(filter, JobSort.CreatedAscending, Page, cursor), cancel);
            foreach (var job in page.Items)
                yield return job;
            cursor = page.Next;
        }
        while (cursor is not null);
    }

    private enum AwaitedState
    {
        Unfinished,
        Succeeded,
        Failed,

        /// <summary>It, or one job of the batch, was canceled; or it is gone.</summary>
        Canceled,
    }
}
