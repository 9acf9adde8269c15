using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Hosting;

/// <summary>Enqueues jobs. Take it by constructor injection; it may be used from many threads at once.</summary>
public interface IJobClient
{
    /// <summary>Enqueues a job; answers when it is safe. <see cref="EnqueuedJob.Duplicate"/> tells that one with its unique key was there already.</summary>
    /// <param name="job">The payload, of a type known from <c>AddHandler</c> or <c>AddJob</c>.</param>
    /// <param name="options">How it differs from others of its kind; null for not at all.</param>
    /// <param name="cancel">Ends the wait; the job may then have been enqueued or not.</param>
    /// <exception cref="InvalidOperationException">The type is not known.</exception>
    /// <exception cref="JobValidationException">An option breaks a rule; nothing was enqueued.</exception>
    /// <exception cref="StoreUnavailableException">The store or the queue server is away.</exception>
    ValueTask<EnqueuedJob> EnqueueAsync<TJob>(TJob job, JobOptions? options = null, CancellationToken cancel = default);

    /// <summary>Enqueues many jobs at once, all or none.</summary>
    /// <inheritdoc cref="EnqueueAsync{TJob}"/>
    /// <param name="jobs">The payloads, at most 10,000.</param>
    /// <param name="options">What holds for each of them.</param>
    /// <param name="cancel">Ends the wait; the jobs may then have been enqueued or not.</param>
    ValueTask<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync<TJob>(IReadOnlyList<TJob> jobs, JobOptions? options = null, CancellationToken cancel = default);

    /// <summary>Enqueues jobs that run one after another, all or none. A job that fails holds those after it up until it is retried; one that is canceled or deleted cancels them.</summary>
    /// <inheritdoc cref="EnqueueAsync{TJob}"/>
    /// <param name="chain">The jobs in order, at most 10,000.</param>
    /// <param name="cancel">Ends the wait; the jobs may then have been enqueued or not.</param>
    ValueTask<IReadOnlyList<EnqueuedJob>> EnqueueChainAsync(JobChain chain, CancellationToken cancel = default);

    /// <summary>Enqueues a batch, all or none, with the job that follows when all have ended.</summary>
    /// <inheritdoc cref="EnqueueAsync{TJob}"/>
    /// <param name="batch">The jobs, 1 to 10,000 with the one that follows.</param>
    /// <param name="cancel">Ends the wait; the jobs may then have been enqueued or not.</param>
    /// <exception cref="ArgumentException">The batch is empty.</exception>
    ValueTask<EnqueuedBatch> EnqueueBatchAsync(JobBatch batch, CancellationToken cancel = default);

    /// <summary>Counts the jobs of a batch by status.</summary>
    ValueTask<JobCounts> CountBatchAsync(Guid batch, CancellationToken cancel = default);
}
