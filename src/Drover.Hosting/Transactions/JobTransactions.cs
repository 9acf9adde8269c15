using System.Data.Common;
using Drover.Brokers;
using Drover.Storage;
using Npgsql;

namespace Drover.Hosting;

/// <summary>
/// Enqueues jobs in transactions of the program's own on the PostgreSQL database in which Drover keeps its jobs: they exist if and only if
/// the transaction commits. Rules that look at other jobs (unique keys, full queues, what <see cref="JobOptions.After"/> names) are applied
/// right after the commit, and delays count from then.
/// </summary>
public static class JobTransactions
{
    /// <summary>Enqueues a job in a transaction.</summary>
    /// <param name="jobs">The client.</param>
    /// <param name="job">The payload, of a known type.</param>
    /// <param name="options">How it differs from others of its kind; null for not at all.</param>
    /// <param name="transaction">An open transaction of Npgsql.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The id that the job will have.</returns>
    /// <exception cref="ArgumentException">The transaction is not one of Npgsql.</exception>
    /// <exception cref="JobValidationException">An option breaks a rule; nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The type is not known, the transaction has ended, or its database has no schema of Drover's.</exception>
    public static async ValueTask<Guid> EnqueueAsync<TJob>(
        this IJobClient jobs, TJob job, JobOptions? options, DbTransaction transaction, CancellationToken cancel = default) =>
        (await jobs.EnqueueManyAsync([job], options, transaction, cancel))[0];

    /// <inheritdoc cref="EnqueueAsync{TJob}(IJobClient, TJob, JobOptions?, DbTransaction, CancellationToken)"/>
    public static ValueTask<Guid> EnqueueAsync<TJob>(this IJobClient jobs, TJob job, DbTransaction transaction, CancellationToken cancel = default) =>
        jobs.EnqueueAsync(job, null, transaction, cancel);

    /// <summary>Enqueues many jobs in a transaction.</summary>
    /// <inheritdoc cref="EnqueueAsync{TJob}(IJobClient, TJob, JobOptions?, DbTransaction, CancellationToken)"/>
    /// <param name="jobs">The client.</param>
    /// <param name="payloads">The payloads, at most 10,000.</param>
    /// <param name="options">What holds for each of them.</param>
    /// <param name="transaction">An open transaction of Npgsql.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The ids that the jobs will have, in order.</returns>
    public static async ValueTask<IReadOnlyList<Guid>> EnqueueManyAsync<TJob>(
        this IJobClient jobs, IReadOnlyList<TJob> payloads, JobOptions? options, DbTransaction transaction, CancellationToken cancel = default)
    {
        if (payloads.Count == 0)
            return [];
        var request = KeptRequest.Of(jobs, payloads, options);
        await WriteAsync(jobs, request, transaction, cancel);
        return KeptRequest.IdsOf(request);
    }

    /// <summary>Enqueues jobs that run one after another in a transaction.</summary>
    /// <inheritdoc cref="EnqueueAsync{TJob}(IJobClient, TJob, JobOptions?, DbTransaction, CancellationToken)"/>
    /// <param name="jobs">The client.</param>
    /// <param name="chain">The jobs in order, at most 10,000.</param>
    /// <param name="transaction">An open transaction of Npgsql.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The ids that the jobs will have, in order.</returns>
    public static async ValueTask<IReadOnlyList<Guid>> EnqueueChainAsync(
        this IJobClient jobs, JobChain chain, DbTransaction transaction, CancellationToken cancel = default)
    {
        if (chain.Count == 0)
            return [];
        var request = KeptRequest.Of(jobs, chain);
        await WriteAsync(jobs, request, transaction, cancel);
        return KeptRequest.IdsOf(request);
    }

    /// <summary>Enqueues a batch in a transaction.</summary>
    /// <inheritdoc cref="EnqueueAsync{TJob}(IJobClient, TJob, JobOptions?, DbTransaction, CancellationToken)"/>
    /// <param name="jobs">The client.</param>
    /// <param name="batch">The jobs, 1 to 10,000 with the one that follows.</param>
    /// <param name="transaction">An open transaction of Npgsql.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The batch's id.</returns>
    public static async ValueTask<Guid> EnqueueBatchAsync(
        this IJobClient jobs, JobBatch batch, DbTransaction transaction, CancellationToken cancel = default)
    {
        var (request, id) = KeptRequest.Of(jobs, batch);
        await WriteAsync(jobs, request, transaction, cancel);
        return id;
    }

    private static async ValueTask WriteAsync(IJobClient jobs, EnqueueRequest request, DbTransaction transaction, CancellationToken cancel)
    {
        if (transaction is not NpgsqlTransaction { } postgres)
            throw new ArgumentException("Jobs can be enqueued in a transaction of Npgsql only; with another database use the outbox of Drover.EntityFrameworkCore.", nameof(transaction));
        if (postgres.Connection is not { } connection)
            throw new InvalidOperationException("The transaction has ended.");
        string schema = KeptRequest.ClientOf(jobs).PostgresSchema;
        await using var command = new NpgsqlCommand($"INSERT INTO \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\".inbox (id, content) VALUES ($1, $2)", connection, postgres)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = request.FirstId!.Value }, new NpgsqlParameter<byte[]> { TypedValue = RequestBytes.Write(request) } },
        };
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new InvalidOperationException(
                $"The database '{connection.Database}' has no inbox in the schema '{schema}': Drover keeps its jobs in another database or schema, or has not been started there yet.", e);
        }
    }
}
