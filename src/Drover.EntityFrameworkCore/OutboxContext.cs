using Drover.EntityFrameworkCore;
using Drover.Hosting;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Enqueues jobs together with what a context saves.</summary>
public static class OutboxContext
{
    /// <summary>Jobs that are saved with the context's next <c>SaveChanges</c>; its model has <see cref="OutboxModel.AddDroverOutbox"/> or <see cref="OutboxModel.AddDroverInbox"/>.</summary>
    /// <exception cref="InvalidOperationException">The context does not come from a container with <c>AddDrover</c>, or its model has neither.</exception>
    public static DroverOutbox Outbox(this DbContext db) => db.Outbox(ClientOf(db));

    /// <summary>The same for a context that was made by hand.</summary>
    /// <param name="db">The context.</param>
    /// <param name="jobs">The client that <c>AddDrover</c> makes.</param>
    public static DroverOutbox Outbox(this DbContext db, IJobClient jobs)
    {
        if (db.Model.FindEntityType(typeof(OutboxJob)) is null)
            throw new InvalidOperationException($"The model of {db.GetType().Name} has no outbox: call modelBuilder.AddDroverOutbox() in OnModelCreating, or AddDroverInbox() on Drover's own PostgreSQL.");
        return new(db, jobs, ServicesOf(db)?.GetService<OutboxWake>());
    }

    /// <summary>
    /// Enqueues a job at once in the context's current transaction, on the PostgreSQL in which Drover keeps its jobs: it exists if and only if
    /// that commits. The model needs nothing.
    /// </summary>
    /// <inheritdoc cref="JobTransactions.EnqueueAsync{TJob}(IJobClient, TJob, JobOptions?, System.Data.Common.DbTransaction, CancellationToken)"/>
    /// <param name="db">The context; <c>Database.BeginTransactionAsync</c> was called.</param>
    /// <param name="job">The payload, of a known type.</param>
    /// <param name="options">How it differs from others of its kind; null for not at all.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static ValueTask<Guid> EnqueueAsync<TJob>(this DbContext db, TJob job, JobOptions? options = null, CancellationToken cancel = default) =>
        ClientOf(db).EnqueueAsync(job, options, TransactionOf(db), cancel);

    /// <inheritdoc cref="EnqueueAsync{TJob}"/>
    /// <param name="db">The context; <c>Database.BeginTransactionAsync</c> was called.</param>
    /// <param name="jobs">The payloads, at most 10,000.</param>
    /// <param name="options">What holds for each of them.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static ValueTask<IReadOnlyList<Guid>> EnqueueManyAsync<TJob>(
        this DbContext db, IReadOnlyList<TJob> jobs, JobOptions? options = null, CancellationToken cancel = default) =>
        ClientOf(db).EnqueueManyAsync(jobs, options, TransactionOf(db), cancel);

    private static System.Data.Common.DbTransaction TransactionOf(DbContext db) => db.Database.CurrentTransaction?.GetDbTransaction()
        ?? throw new InvalidOperationException("The context has no transaction: call Database.BeginTransactionAsync first, or use db.Outbox(), which goes with SaveChanges.");

    private static IJobClient ClientOf(DbContext db) => ServicesOf(db)?.GetService<IJobClient>()
        ?? throw new InvalidOperationException($"{db.GetType().Name} knows no IJobClient: take it from a container with AddDbContext and AddDrover, or name the client.");

    private static IServiceProvider? ServicesOf(DbContext db) =>
        db.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider;
}
