using Drover.Jobs;
using Drover.Storage;

namespace Drover.Testing;

public sealed partial class InMemoryJobStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default) =>
        ChangeEach(ids, job =>
        {
            var from = job.Status;
            if (from.IsFinal())
                return job.Change(ChangeResult.Conflict, from);
            if (job.CancelRequestedAt is null)
            {
                job.CancelRequestedAt = time.GetUtcNow();
                job.CanceledBy = by;
            }

            if (from == JobStatus.Running)
                return job.Change(ChangeResult.Accepted, from);
            TakeOut(job);
            End(job, JobStatus.Canceled);
            return job.Change(ChangeResult.Done, from);
        }, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        ChangeEach(ids, job =>
        {
            if (job.Status != JobStatus.Failed || (JobRules.StoredKeyOf(job.Spec) is { } key && !JobRules.IsFreedAtStart(key) && !_uniqueKeys.TryAdd(key, job)))
                return job.Change(ChangeResult.Conflict, job.Status);
            job.AttemptsUsed = 0;
            job.FinishedAt = null;
            job.CancelRequestedAt = null;
            job.CanceledBy = null;
            ReadyAtOnce(job);
            return job.Change(ChangeResult.Done, JobStatus.Failed);
        }, cancel);

    /// <inheritdoc/>
    public ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        if (!_jobs.TryGetValue(id, out var job))
            return new(NotFound(id));
        var from = job.Status;
        if (from == JobStatus.Running || from.IsFinal())
            return new(job.Change(ChangeResult.Conflict, from));

        TakeOut(job);
        job.Priority = update.Priority ?? job.Priority;
        if (update.RunAt is { } later && later > time.GetUtcNow())
            WaitUntil(job, later);
        else if (update.RunAt is not null && from != JobStatus.Queued)
            ReadyAtOnce(job);
        else if (from == JobStatus.Queued)
            _ready.Add(job);
        else
            _waiting.Add(job);
        return new(job.Change(ChangeResult.Done, from));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        ChangeEach(ids, job =>
        {
            if (!job.Status.IsFinal())
                return job.Change(ChangeResult.Conflict, job.Status);
            _jobs.Remove(job.Id);
            return job.Change(ChangeResult.Done, job.Status);
        }, cancel);

    /// <inheritdoc/>
    public ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        var now = time.GetUtcNow();
        var due = _waiting.Select(job => (Job: job, In: DueIn(job, now))).OrderBy(w => w.In).ThenBy(w => w.Job.Seq).ToList();
        var changes = new List<JobChange>();
        foreach (var (job, _) in due.TakeWhile(w => w.In <= TimeSpan.Zero).Take(max))
        {
            var from = job.Status;
            TakeOut(job);
            MakeReady(job);
            changes.Add(job.Change(ChangeResult.Done, from));
        }

        TimeSpan? next = due.Count == changes.Count ? null : due[changes.Count].In;
        return new(new PromoteResult(changes, next < TimeSpan.Zero ? TimeSpan.Zero : next));
    }

    /// <inheritdoc/>
    public ValueTask<int> RetainAsync(RetentionPolicy policy, int max, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        var now = time.GetUtcNow();
        foreach (var (key, first) in _idempotencyKeys.Where(k => now - k.Value.At >= IdempotencyPeriod).Take(max).ToList())
            _idempotencyKeys.Remove(key);
        var old = _jobs.Values.Where(IsOld).OrderBy(j => j.FinishedAt).Take(max).ToList();
        foreach (var job in old)
            _jobs.Remove(job.Id);
        return new(old.Count);

        bool IsOld(StoredJob job) => job.Status.IsFinal()
            && (job.Status == JobStatus.Failed ? policy.Failed : policy.Completed) is { } keep
            && now - job.FinishedAt > keep;
    }

    private TimeSpan DueIn(StoredJob job, DateTimeOffset now) =>
        job.DueStamp is { } stamp ? TimeUntil(stamp) : job.RunAt!.Value - now;

    private ValueTask<IReadOnlyList<JobChange>> ChangeEach(IReadOnlyList<Guid> ids, Func<StoredJob, JobChange> change, CancellationToken cancel)
    {
        using var held = Enter(cancel);
        return new(ids.Select(id => _jobs.TryGetValue(id, out var job) ? change(job) : NotFound(id)).ToList());
    }

    private static JobChange NotFound(Guid id) => new(id, ChangeResult.NotFound, default, default, "", 0, null);
}
