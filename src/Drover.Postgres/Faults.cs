using Drover.Storage;
using Npgsql;

namespace Drover.Postgres;

/// <summary>Runs statements and tells "the database is away" apart from everything else.</summary>
internal static class Faults
{
    /// <summary>Runs a call on a connection of the pool; one that writes nothing is run a second time when its connection was broken.</summary>
    /// <param name="source">The pool.</param>
    /// <param name="writes">Whether a call whose answer is lost may have changed something.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="StoreUnavailableException">The database cannot be reached or cannot do its work now.</exception>
    public static async Task<T> AskAsync<T>(NpgsqlDataSource source, bool writes, Func<NpgsqlConnection, Task<T>> call, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        for (bool again = !writes; ; again = false)
        {
            bool sent = false;
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancel);
                sent = true;
                return await call(connection);
            }
            catch (Exception e) when (IsAway(e))
            {
                bool lost = sent && LosesAnswer(e);
                if (lost)
                {
                    // Where one connection broke the idle ones may be broken as well. A question can be asked again.
                    source.Clear();
                    if (again)
                        continue;
                }

                throw new StoreUnavailableException($"The database cannot be used now: {e.Message}", e) { InDoubt = writes && lost };
            }
        }
    }

    private static bool IsAway(Exception e) => e switch
    {
        // Connection, transaction rollback, resources, object state, operator's hand, system, internal; a standby that takes no writes; no sign-in.
        PostgresException p => p.SqlState[..2] is "08" or "28" or "40" or "53" or "55" or "57" or "58" or "XX" || p.SqlState is "25006" or "3D000",
        NpgsqlException or IOException or TimeoutException => true,
        _ => false,
    };

    private static bool LosesAnswer(Exception e) => e is not PostgresException p || p.SqlState[..2] is "08" or "57";
}
