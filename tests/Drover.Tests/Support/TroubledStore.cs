using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Tests.Support;

/// <summary>A store in front of another, to which a test gives the troubles it is about.</summary>
internal class TroubledStore(IJobStore inner) : IJobStore
{
    /// <summary>Called with the name of the verb before each call; may throw or wait.</summary>
    public Func<string, ValueTask> Before { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>Called when an enqueue was carried out, before it answers; may throw.</summary>
    public Action AfterEnqueue { get; set; } = static () => { };

    /// <summary>Called with what is to be finished; may throw.</summary>
    public Action<IReadOnlyList<FinishRequest>> BeforeFinish { get; set; } = static _ => { };

    /// <summary>Throws as a full disk does, for the verbs named.</summary>
    public void Fail(params string[] verbs) =>
        Before = verb => verbs.Contains(verb) ? throw new StoreUnavailableException("The disk is full.") : ValueTask.CompletedTask;

    public void Recover() => Before = static _ => ValueTask.CompletedTask;

    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel) => AskAsync("enqueue", async () =>
    {
        var result = await inner.EnqueueAsync(request, cancel);
        AfterEnqueue();
        return result;
    });

    public ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel) => AskAsync("lease", () => inner.LeaseAsync(request, cancel));

    public ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel) =>
        AskAsync("renew", () => inner.RenewAsync(leases, duration, cancel));

    public ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel) =>
        AskAsync("output", () => inner.AppendOutputAsync(lease, entries, trim, cancel));

    public ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel) =>
        AskAsync("finish", () =>
        {
            BeforeFinish(finishes);
            return inner.FinishAsync(finishes, cancel);
        });

    public ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel) => AskAsync("promote", () => inner.PromoteAsync(max, cancel));

    public ValueTask<IReadOnlyList<JobChange>> ExpireLeasesAsync(int max, CancellationToken cancel) => AskAsync("expire", () => inner.ExpireLeasesAsync(max, cancel));

    public ValueTask<IReadOnlyList<JobChange>> LoseWorkerAsync(string workerId, Guid currentInstance, CancellationToken cancel) =>
        AskAsync("lose", () => inner.LoseWorkerAsync(workerId, currentInstance, cancel));

    public ValueTask<int> RetainAsync(RetentionPolicy policy, int max, CancellationToken cancel) => AskAsync("retain", () => inner.RetainAsync(policy, max, cancel));

    public ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel) => inner.CancelAsync(ids, by, cancel);

    public ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel) => inner.RetryAsync(ids, cancel);

    public ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel) => inner.UpdateAsync(id, update, cancel);

    public ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel) => inner.DeleteAsync(ids, cancel);

    public ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel) => inner.GetAsync(ids, cancel);

    public ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel) => inner.ListAsync(query, cancel);

    public ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel) => inner.CountAsync(filter, cancel);

    public ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel) => inner.ReadOutputAsync(query, cancel);

    public ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel) =>
        inner.ThroughputAsync(from, to, interval, cancel);

    public ValueTask<IReadOnlyList<QueueInfo>> ListQueuesAsync(CancellationToken cancel) => inner.ListQueuesAsync(cancel);

    public ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel) => inner.SetPausedAsync(queue, paused, cancel);

    public ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel) => inner.SetLimitsAsync(limits, cancel);

    public ValueTask PingAsync(CancellationToken cancel) => inner.PingAsync(cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async ValueTask<T> AskAsync<T>(string verb, Func<ValueTask<T>> call)
    {
        await Before(verb);
        return await call();
    }
}
