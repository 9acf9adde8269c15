using Drover.Brokers;
using Drover.Hosting;
using Drover.Storage;
using Microsoft.EntityFrameworkCore;

namespace Drover.EntityFrameworkCore;

/// <summary>Enqueues jobs with the next <c>SaveChanges</c> of a context: they exist if and only if that commits. As the context, it is for one thread at a time.</summary>
public sealed class DroverOutbox
{
    private readonly DbContext _db;
    private readonly IJobClient _jobs;
    private readonly OutboxWake? _wake;

    internal DroverOutbox(DbContext db, IJobClient jobs, OutboxWake? wake) => (_db, _jobs, _wake) = (db, jobs, wake);

    /// <summary>Adds a job to what is saved next.</summary>
    /// <param name="job">The payload, of a known type.</param>
    /// <param name="options">How it differs from others of its kind; null for not at all. A delay counts from when Drover accepts it.</param>
    /// <returns>The id that the job will have.</returns>
    /// <exception cref="JobValidationException">An option breaks a rule; nothing was added.</exception>
    /// <exception cref="InvalidOperationException">The type is not known, or the model has neither outbox nor inbox.</exception>
    public Guid Enqueue<TJob>(TJob job, JobOptions? options = null) => EnqueueMany([job], options)[0];

    /// <summary>Adds many jobs to what is saved next.</summary>
    /// <inheritdoc cref="Enqueue{TJob}"/>
    /// <param name="jobs">The payloads, at most 10,000.</param>
    /// <param name="options">What holds for each of them.</param>
    /// <returns>The ids that the jobs will have, in order.</returns>
    public IReadOnlyList<Guid> EnqueueMany<TJob>(IReadOnlyList<TJob> jobs, JobOptions? options = null)
    {
        if (jobs.Count == 0)
            return [];
        return Add(KeptRequest.Of(_jobs, jobs, options));
    }

    /// <summary>Adds jobs that run one after another to what is saved next.</summary>
    /// <inheritdoc cref="Enqueue{TJob}"/>
    /// <param name="chain">The jobs in order, at most 10,000.</param>
    /// <returns>The ids that the jobs will have, in order.</returns>
    public IReadOnlyList<Guid> EnqueueChain(JobChain chain) => chain.Count == 0 ? [] : Add(KeptRequest.Of(_jobs, chain));

    /// <summary>Adds a batch to what is saved next.</summary>
    /// <inheritdoc cref="Enqueue{TJob}"/>
    /// <param name="batch">The jobs, 1 to 10,000 with the one that follows.</param>
    /// <returns>The batch's id.</returns>
    public Guid EnqueueBatch(JobBatch batch)
    {
        var (request, id) = KeptRequest.Of(_jobs, batch);
        Add(request);
        return id;
    }

    private IReadOnlyList<Guid> Add(EnqueueRequest request)
    {
        _db.Add(new OutboxJob { Id = request.FirstId!.Value, Content = RequestBytes.Write(request) });
        if (_wake is not null)
        {
            _db.SavedChanges -= _wake.Saved;
            _db.SavedChanges += _wake.Saved;
        }

        return KeptRequest.IdsOf(request);
    }
}
