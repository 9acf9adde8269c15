using Drover.Jobs;
using Drover.Storage;

namespace Drover.Testing;

public sealed partial class InMemoryJobStore
{
    private readonly Dictionary<string, int> _limits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _runningByLimitKey = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        var leases = new List<Lease>();
        var permits = new Dictionary<string, int>(request.Permits ?? new Dictionary<string, int>(), StringComparer.Ordinal);
        while (leases.Count < request.Max && NextFor(request, permits) is { } job)
        {
            leases.Add(Start(job, request));
            foreach (string key in LimitKeysOf(job).Where(permits.ContainsKey))
                permits[key]--;
        }

        return new(leases);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        return new(leases.Select(Renew).ToList());

        RenewResult Renew(LeaseToken token)
        {
            if (HeldBy(token) is not { } job)
                return new(Held: false, CancelRequested: false);
            job.LeaseStamp = StampIn(duration);
            return new(Held: true, job.CancelRequestedAt is not null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        return new(finishes.Select(Finish).ToList());

        JobChange Finish(FinishRequest finish)
        {
            if (HeldBy(finish.Lease) is { } job)
                return EndAttempt(job, finish.Outcome);
            return _jobs.TryGetValue(finish.Lease.JobId, out var other)
                ? other.Change(ChangeResult.LeaseLost, other.Status)
                : NotFound(finish.Lease.JobId);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> ExpireLeasesAsync(int max, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        long now = time.GetTimestamp();
        return new(Lose(_running.Where(j => j.LeaseStamp <= now).OrderBy(j => j.LeaseStamp).Take(max), "its lease ran out"));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobChange>> LoseWorkerAsync(string workerId, Guid currentInstance, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        return new(Lose(_running.Where(j => j.WorkerId == workerId && j.InstanceId != currentInstance).OrderBy(j => j.Seq), "it was started anew"));
    }

    private StoredJob? NextFor(LeaseRequest request, Dictionary<string, int> permits)
    {
        var now = time.GetUtcNow();
        var named = request.Queues.Select(q => q.Name).ToHashSet(StringComparer.Ordinal);
        var shares = request.Queues.SelectMany(share => share.Name == "*"
            ? _ready.Queues.Where(queue => !named.Contains(queue)).Select(queue => new QueueShare(queue, share.Weight))
            : [share]);
        var candidates = shares.DistinctBy(share => share.Name).Where(share => !_paused.Contains(share.Name))
            .Select(share => (share.Weight, Best: _ready.MostUrgent(share.Name, now, MayRun)))
            .Where(c => c.Best is not null).Select(c => (c.Weight, Best: c.Best!.Value)).ToList();
        if (candidates.Count == 0)
            return null;
        if (candidates.All(c => c.Weight == candidates[0].Weight))
            return candidates.MinBy(c => (c.Best.Urgency, c.Best.Job.Seq)).Best.Job;

        int draw = _random.Next(candidates.Sum(c => c.Weight));
        return candidates.First(c => (draw -= c.Weight) < 0).Best.Job;

        bool MayRun(StoredJob job) => request.Capabilities.Satisfies(job.Needs) && LimitKeysOf(job).All(HasRoom);

        bool HasRoom(string key) => permits.GetValueOrDefault(key, 1) > 0 && (!_limits.TryGetValue(key, out int limit) || _runningByLimitKey.GetValueOrDefault(key) < limit);
    }

    private static IEnumerable<string> LimitKeysOf(StoredJob job) =>
        job.LimitKey is { } key ? [key, JobRules.QueueLimitKey(job.Spec.Queue)] : [JobRules.QueueLimitKey(job.Spec.Queue)];

    private Lease Start(StoredJob job, LeaseRequest request)
    {
        TakeOut(job);
        job.Status = JobStatus.Running;
        job.StartedAt = time.GetUtcNow();
        job.WorkerId = request.WorkerId;
        job.InstanceId = request.InstanceId;
        job.LeaseStamp = StampIn(request.Duration);
        job.Attempts.Add(new() { Number = job.Attempt + 1, WorkerId = request.WorkerId, StartedAt = job.StartedAt.Value });
        _running.Add(job);
        if (JobRules.StoredKeyOf(job.Spec) is { } key && JobRules.IsFreedAtStart(key))
            FreeKey(job);
        CountRunning(job, 1);
        return new()
        {
            Token = new(job.Id, job.Attempt),
            Spec = job.Spec,
            ReadyAt = job.ReadyAt,
            StartedAt = job.StartedAt.Value,
            FirstOutputSeq = job.LastOutputSeq + 1,
        };
    }

    /// <summary>The job whose running attempt the token names. A lease whose time ran out is held until its attempt is ended.</summary>
    private StoredJob? HeldBy(LeaseToken token) =>
        _jobs.TryGetValue(token.JobId, out var job) && job.Status == JobStatus.Running && job.Attempt == token.Attempt ? job : null;

    private List<JobChange> Lose(IEnumerable<StoredJob> jobs, string why) =>
        [.. jobs.ToList().Select(job => EndAttempt(job, new()
        {
            Kind = OutcomeKind.WorkerLost,
            Reason = FailureReasons.WorkerLost,
            Error = $"The worker '{job.WorkerId}' was lost: {why}.",
        }))];

    private JobChange EndAttempt(StoredJob job, AttemptOutcome outcome)
    {
        if (outcome.Result is { } result)
            outcome = outcome with { Result = result.ToArray() };
        var next = JobRules.After(job.Spec, job.AttemptsUsed, outcome, job.CancelRequestedAt is not null, _random.NextDouble());
        TakeOut(job);
        CountRunning(job, -1);
        job.Outcome = outcome;
        job.AttemptsUsed = next.AttemptsUsed;
        job.Attempts[^1] = job.Attempts[^1] with { FinishedAt = time.GetUtcNow(), Outcome = outcome };
        if (next.Status.IsFinal())
            End(job, next.Status);
        else if (next.Delay is { } delay)
            WaitFor(job, next.Status, delay);
        else
            ReadyAtOnce(job);
        return job.Change(ChangeResult.Done, JobStatus.Running);
    }

    private void ReadyAtOnce(StoredJob job)
    {
        job.RunAt = null;
        MakeReady(job);
    }

    private void CountRunning(StoredJob job, int by)
    {
        foreach (string key in LimitKeysOf(job))
            _runningByLimitKey[key] = _runningByLimitKey.GetValueOrDefault(key) + by;
    }
}
