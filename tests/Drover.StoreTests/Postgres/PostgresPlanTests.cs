using Drover.Postgres;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Drover.StoreTests.Postgres;

/// <summary>
/// The planner takes a table for empty that was so when it was last vacuumed, whatever came since, and the tables of live jobs are empty
/// most of the time. What statements read must follow what they are asked for all the same, not how much there is.
/// </summary>
public sealed class PostgresPlanTests(PostgresServer server)
{
    private const int Jobs = 2000;
    private const int Step = 20;
    private static readonly string[] Tables = ["jobs", "ready", "running", "waiting", "done", "attempts", "output", "unique_keys"];
    private static readonly LeaseRequest Work = new()
    {
        WorkerId = "w",
        InstanceId = Guid.NewGuid(),
        Max = Step,
        Duration = Make.LeaseDuration,
        Queues = [new("*")],
        Capabilities = new(Shell: true, new HashSet<string> { "echo" }, new HashSet<string>()),
    };

    private readonly string _schema = server.NewSchema();

    [Fact]
    public async Task Statements_read_what_they_are_asked_for_though_the_planner_takes_the_tables_for_empty()
    {
        await using (var database = await OpenAsync())
            await UseAsync(database.Jobs, 10 * Step);
        foreach (string table in Tables)
        {
            await server.RunAsync($"ALTER TABLE {_schema}.{table} SET (autovacuum_enabled = false)");
            await server.RunAsync($"DELETE FROM {_schema}.{table}");
            await server.RunAsync($"VACUUM (ANALYZE, TRUNCATE false) {_schema}.{table}");
        }

        await using (var database = await OpenAsync())
            await UseAsync(database.Jobs, Jobs);
        await using var connection = await server.ConnectAsync();
        // The server's processes tell their counts when they end, if not before.
        await using (var gone = new NpgsqlCommand($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{_schema}'", connection))
        {
            long began = TimeProvider.System.GetTimestamp();
            while ((long)(await gone.ExecuteScalarAsync())! > 0)
                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "the store's connections are still there");
        }

        await using var ask = new NpgsqlCommand(
            $"SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE schemaname = '{_schema}' AND relname = ANY ($1)", connection)
        {
            Parameters = { new() { Value = Tables } },
        };
        await using var reader = await ask.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            Assert.True(reader.GetInt64(1) < 10 * Jobs, $"{reader.GetInt64(1)} rows of {reader.GetString(0)} were read for {Jobs} jobs");
    }

    /// <summary>All that is done to jobs, a few at a time out of many.</summary>
    private static async Task UseAsync(IJobStore store, int jobs)
    {
        var ids = new List<Guid>();
        for (int n = 0; n < jobs; n += Step)
        {
            var specs = Enumerable.Range(n, Step).Select(m => Make.Task() with { UniqueKey = $"key {m}", Delay = (m % 4) switch { 3 => TimeSpan.FromHours(1), 1 => TimeSpan.FromTicks(1), _ => null } });
            ids.AddRange((await store.EnqueueAsync(new([.. specs]))).Jobs.Select(j => j.Id));
        }

        var waiting = ids.Where((_, n) => n % 4 == 3).Chunk(Step).ToArray();
        foreach (var some in waiting.Take(waiting.Length / 2))
            await store.CancelAsync(some, null);
        foreach (var id in waiting.Skip(waiting.Length / 2).SelectMany(some => some).Take(50))
            await store.UpdateAsync(id, new() { Priority = 2 });
        var ready = ids.Where((_, n) => n % 4 == 0).Chunk(Step).ToArray();
        foreach (var some in ready.Take(ready.Length / 2))
            await store.CancelAsync(some, null);
        int promoted = 0;
        while (await store.PromoteAsync(Step) is { Changes.Count: > 0 } due)
            promoted += due.Changes.Count;
        Assert.Equal(jobs / 4, promoted);
        var leases = new List<Lease>();
        while (await store.LeaseAsync(Work) is { Count: > 0 } some)
            leases.AddRange(some);
        for (int round = 0; round < 2; round++)
        {
            foreach (var some in leases.Chunk(Step))
                await store.RenewAsync([.. some.Select(l => l.Token)], TimeSpan.FromMinutes(1));
        }

        foreach (var some in leases.Chunk(Step))
        {
            await Task.WhenAll(some.Select(l => store.AppendOutputAsync(l.Token, [Make.Entry(1, "x", DateTimeOffset.UnixEpoch)], null).AsTask()));
            var changes = await store.FinishAsync([.. some.Select((l, n) => new FinishRequest(l.Token, (n % 4) switch { 1 => Make.Failed, 3 => Make.Failed with { NeverRetry = true }, _ => Make.Completed }))]);
            Assert.All(changes, c => Assert.Equal(ChangeResult.Done, c.Result));
        }

        foreach (var some in leases.Where((_, n) => n % 4 == 3).Select(l => l.Token.JobId).Chunk(Step))
            Assert.All(await store.RetryAsync(some), c => Assert.Equal(ChangeResult.Done, c.Result));
        foreach (var some in leases.Where((_, n) => n % 2 == 0).Select(l => l.Token.JobId).Chunk(Step))
            await store.DeleteAsync(some);
    }

    private async Task<PostgresDatabase> OpenAsync() =>
        await PostgresDatabase.OpenAsync(new() { Url = await server.UrlAsync() + "?application_name=" + _schema, Schema = _schema }, TimeProvider.System, NullLoggerFactory.Instance);
}
