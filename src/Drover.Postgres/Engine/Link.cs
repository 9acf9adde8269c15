using Npgsql;

namespace Drover.Postgres.Engine;

/// <summary>The connections of the job store: runs calls on them and says in the store's words what went wrong.</summary>
internal sealed class Link(NpgsqlDataSource source)
{
    private const int Tries = 5;

    /// <summary>Runs a call that changes nothing.</summary>
    public Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancel) => Faults.AskAsync(source, writes: false, call, cancel);

    /// <summary>Runs a call that is one transaction; again when it stood in the way of another and nothing of it happened.</summary>
    public async Task<T> WriteAsync<T>(Func<NpgsqlConnection, Task<T>> call)
    {
        for (int n = 1; ; n++)
        {
            try
            {
                return await Faults.AskAsync(source, writes: true, call, CancellationToken.None);
            }
            // Two groups that wait for each other's rows: one was sent back.
            catch (Storage.StoreUnavailableException e) when (n < Tries && e.InnerException is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure })
            {
            }
        }
    }

    /// <summary>Runs several statements as one transaction.</summary>
    public Task<T> TransactAsync<T>(Func<NpgsqlConnection, Task<T>> call) => WriteAsync(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var result = await call(connection);
        await transaction.CommitAsync();
        return result;
    });
}
