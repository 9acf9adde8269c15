using System.Collections.Frozen;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Hosting;

/// <inheritdoc/>
internal sealed class JobClient(IBroker broker, IReadOnlyDictionary<Type, JobKindInfo> kinds, TimeProvider time, string postgresSchema = "drover") : IJobClient
{
    private readonly FrozenDictionary<Type, JobKindInfo> _kinds = kinds.ToFrozenDictionary();

    public async ValueTask<EnqueuedJob> EnqueueAsync<TJob>(TJob job, JobOptions? options = null, CancellationToken cancel = default) =>
        (await EnqueueManyAsync([job], options, cancel))[0];

    public async ValueTask<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync<TJob>(
        IReadOnlyList<TJob> jobs, JobOptions? options = null, CancellationToken cancel = default)
    {
        if (jobs.Count == 0)
            return [];
        var kind = KindOf<TJob>();
        using var activity = Tracing.StartEnqueue(kind.Name);
        string? trace = Tracing.Current;
        var specs = new JobSpec[jobs.Count];
        for (int i = 0; i < specs.Length; i++)
            specs[i] = kind.SpecOf(jobs[i], options ?? JobOptions.Usual, trace);
        return (await broker.EnqueueAsync(new(specs), cancel)).Jobs;
    }

    public async ValueTask<IReadOnlyList<EnqueuedJob>> EnqueueChainAsync(JobChain chain, CancellationToken cancel = default)
    {
        using var activity = Tracing.StartEnqueue("chain");
        var specs = chain.Build(this);
        return specs.Count == 0 ? [] : (await broker.EnqueueAsync(JobGroups.Chain(specs, AfterOutcome.Success, time), cancel)).Jobs;
    }

    public async ValueTask<EnqueuedBatch> EnqueueBatchAsync(JobBatch batch, CancellationToken cancel = default)
    {
        if (batch.Count == 0)
            throw new ArgumentException("A batch must hold at least one job.", nameof(batch));
        using var activity = Tracing.StartEnqueue("batch");
        var id = JobId.New(time);
        var jobs = (await broker.EnqueueAsync(batch.Build(id, this), cancel)).Jobs;
        return batch.HasCompletion ? new(id, [.. jobs.Skip(1)], jobs[0].Id) : new(id, jobs, null);
    }

    public ValueTask<JobCounts> CountBatchAsync(Guid batch, CancellationToken cancel = default) => broker.CountAsync(new() { OriginId = batch }, cancel);

    /// <summary>The schema of Drover's tables, where it keeps jobs in PostgreSQL.</summary>
    internal string PostgresSchema => postgresSchema;

    internal TimeProvider Time => time;

    internal IBroker Broker => broker;

    /// <summary>A job as it would be enqueued now.</summary>
    internal JobSpec SpecOf<TJob>(TJob job, JobOptions? options) => KindOf<TJob>().SpecOf(job, options ?? JobOptions.Usual, Tracing.Current);

    private JobKindInfo<TJob> KindOf<TJob>() => _kinds.GetValueOrDefault(typeof(TJob)) as JobKindInfo<TJob>
        ?? throw new InvalidOperationException($"{typeof(TJob).Name} is no known kind of job: name it in AddDrover with AddHandler or AddJob.");
}
