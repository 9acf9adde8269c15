using Drover.Jobs;

namespace Drover.Hosting;

/// <summary>Jobs that run one after another, each only when the one before has completed. Enqueued as a whole by <see cref="IJobClient.EnqueueChainAsync"/>.</summary>
public sealed class JobChain
{
    private readonly List<Func<JobClient, JobSpec>> _jobs = [];

    /// <summary>How many there are.</summary>
    public int Count => _jobs.Count;

    /// <summary>Adds the next job.</summary>
    /// <param name="job">The payload, of a known type.</param>
    /// <param name="options">How it differs from others of its kind; its delay counts from the end of the job before. Null for not at all.</param>
    public JobChain Then<TJob>(TJob job, JobOptions? options = null)
    {
        _jobs.Add(client => client.SpecOf(job, options));
        return this;
    }

    internal IReadOnlyList<JobSpec> Build(JobClient client) => [.. _jobs.Select(make => make(client))];
}

/// <summary>Jobs of any kinds that are accepted, counted and canceled together. Enqueued as a whole by <see cref="IJobClient.EnqueueBatchAsync"/>.</summary>
public sealed class JobBatch
{
    private readonly List<Func<JobClient, JobSpec>> _jobs = [];
    private Func<JobClient, JobSpec>? _completion;
    private AfterOutcome _on = AfterOutcome.Success;

    /// <summary>How many there are, without the one that follows.</summary>
    public int Count => _jobs.Count;

    /// <summary>Adds a job.</summary>
    /// <param name="job">The payload, of a known type.</param>
    /// <param name="options">How it differs from others of its kind; null for not at all.</param>
    public JobBatch Add<TJob>(TJob job, JobOptions? options = null)
    {
        _jobs.Add(client => client.SpecOf(job, options));
        return this;
    }

    /// <summary>Adds jobs.</summary>
    /// <param name="jobs">The payloads.</param>
    /// <param name="options">What holds for each of them.</param>
    public JobBatch AddRange<TJob>(IEnumerable<TJob> jobs, JobOptions? options = null)
    {
        foreach (var job in jobs)
            Add(job, options);
        return this;
    }

    /// <summary>Names the job that starts when all others have ended.</summary>
    /// <param name="job">The payload, of a known type.</param>
    /// <param name="on">How they must have ended.</param>
    /// <param name="options">How it differs from others of its kind; it has no unique key.</param>
    public JobBatch Finally<TJob>(TJob job, AfterOutcome on = AfterOutcome.Success, JobOptions? options = null)
    {
        (_completion, _on) = (client => client.SpecOf(job, options), on);
        return this;
    }

    internal Storage.EnqueueRequest Build(Guid id, JobClient client) => JobGroups.Batch(id, [.. _jobs.Select(make => make(client))], _completion?.Invoke(client), _on);

    internal bool HasCompletion => _completion is not null;
}

/// <summary>A batch that was enqueued.</summary>
/// <param name="Id">Its id, by which its jobs are counted, listed and canceled.</param>
/// <param name="Jobs">What became of each job, in order.</param>
/// <param name="Completion">The job that follows; null without one.</param>
public sealed record EnqueuedBatch(Guid Id, IReadOnlyList<Storage.EnqueuedJob> Jobs, Guid? Completion);
