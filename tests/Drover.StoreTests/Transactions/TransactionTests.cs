using Drover.Brokers;
using Drover.Hosting;
using Drover.Jobs;
using Drover.StoreTests.Postgres;
using Npgsql;

namespace Drover.StoreTests.Transactions;

/// <summary>Jobs exist if and only if the transaction commits in which they were enqueued.</summary>
public sealed class TransactionTests(PostgresServer server) : IAsyncLifetime
{
    private readonly string _schema = server.NewSchema();
    private ShopProgram _shop = null!;
    private NpgsqlConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        _shop = await ShopProgram.StartAsync(server, _schema);
        _connection = await server.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _shop.DisposeAsync();
        await server.RunAsync($"DROP SCHEMA {_schema} CASCADE");
    }

    [Fact]
    public async Task A_job_runs_once_its_transaction_has_committed()
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        var id = await _shop.Jobs.EnqueueAsync(new Note("a"), new() { Priority = 2, Tags = ["t"], LimitKey = "k", MaxAttempts = 7, Queue = "q" }, transaction);
        Assert.Null(await Notes.JobAsync(_shop.Broker, id));
        await transaction.CommitAsync();
        await _shop.Notes.RunAsync("a");
        var job = await Notes.JobAsync(_shop.Broker, id);
        Assert.Equal((2, "q", "k", 7), (job!.Spec.Priority, job.Spec.Queue, job.Spec.LimitKey, job.Spec.MaxAttempts));
        Assert.Equal(["t"], job.Spec.Tags);
        await DrainedAsync();
    }

    [Fact]
    public async Task A_job_of_a_transaction_that_is_rolled_back_or_whose_program_dies_never_exists()
    {
        await using (var transaction = await _connection.BeginTransactionAsync())
        {
            await _shop.Jobs.EnqueueAsync(new Note("rolled back"), transaction);
            await transaction.RollbackAsync();
        }

        var dying = await server.ConnectAsync();
        await using (var transaction = await dying.BeginTransactionAsync())
        {
            await _shop.Jobs.EnqueueAsync(new Note("died"), transaction);
            await server.RunAsync($"SELECT pg_terminate_backend({dying.ProcessID})");
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());
        }

        await dying.DisposeAsync();
        await CommitAsync(new Note("after"));
        await _shop.Notes.RunAsync("after");
        Assert.Equal(1, await Notes.CountAsync(_shop.Broker));
        Assert.Equal(["after"], _shop.Notes.Ran);
    }

    [Fact]
    public async Task A_transaction_that_stays_open_holds_nobody_up()
    {
        await using var open = await server.ConnectAsync();
        await using var transaction = await open.BeginTransactionAsync();
        // Of all that may look at others: a unique key, a new queue with its line, many jobs.
        var late = await _shop.Jobs.EnqueueAsync(new Note("late"), new() { UniqueKey = "u", Queue = "new" }, transaction);
        for (int n = 0; n < 20; n++)
        {
            await _shop.Jobs.EnqueueAsync(new Note($"direct {n}"), new() { UniqueKey = $"direct {n}", Queue = "new" });
            await CommitAsync(new Note($"other {n}"), new() { UniqueKey = $"other {n}" });
        }

        await _shop.Notes.RunAsync([.. Enumerable.Range(0, 20).SelectMany(n => new[] { $"direct {n}", $"other {n}" })]);
        // Its number is lower than what was drained long ago.
        Assert.Null(await Notes.JobAsync(_shop.Broker, late));
        await transaction.CommitAsync();
        await _shop.Notes.RunAsync("late");
        Assert.Equal(41, await Notes.CountAsync(_shop.Broker));
    }

    [Fact]
    public async Task A_unique_key_is_decided_after_the_commit_and_a_replacement_has_the_id_that_was_told()
    {
        var first = await _shop.Jobs.EnqueueAsync(new Note("first"), new() { UniqueKey = "u", Delay = TimeSpan.FromHours(1) });
        var skipped = await CommitAsync(new Note("second"), new() { UniqueKey = "u" });
        await DrainedAsync();
        Assert.Null(await Notes.JobAsync(_shop.Broker, skipped));
        Assert.Equal(JobStatus.Scheduled, (await Notes.JobAsync(_shop.Broker, first.Id))!.Status);

        var instead = await CommitAsync(new Note("third"), new() { UniqueKey = "u", Unique = new(UniqueUntil.Finished, UniqueConflict.Replace) });
        await _shop.Notes.RunAsync("third");
        await DrainedAsync();
        Assert.Equal(JobStatus.Canceled, (await Notes.JobAsync(_shop.Broker, first.Id))!.Status);
        Assert.NotNull(await Notes.JobAsync(_shop.Broker, instead));
        Assert.Equal(["third"], _shop.Notes.Ran);
    }

    [Fact]
    public async Task Many_jobs_keep_their_order_over_calls_and_transactions()
    {
        var expected = new List<string>();
        for (int t = 0; t < 5; t++)
        {
            await using var transaction = await _connection.BeginTransactionAsync();
            string[] texts = [.. Enumerable.Range(0, 400).Select(n => $"{t} {n}")];
            var ids = await _shop.Jobs.EnqueueManyAsync([.. texts.Select(text => new Note(text))], null, transaction);
            Assert.Equal(400, ids.Distinct().Count());
            await _shop.Jobs.EnqueueAsync(new Note($"{t} end"), transaction);
            await transaction.CommitAsync();
            expected.AddRange([.. texts, $"{t} end"]);
        }

        await Notes.UntilAsync("all ran", () => Task.FromResult(_shop.Notes.Ran.Count >= expected.Count));
        Assert.Equal(expected, _shop.Notes.Ran);
    }

    [Fact]
    public async Task Chains_batches_and_jobs_after_others_go_with_the_transaction()
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        var chain = await _shop.Jobs.EnqueueChainAsync(new JobChain().Then(new Note("c1")).Then(new Note("c2")), transaction);
        await _shop.Jobs.EnqueueAsync(new Note("c3"), new() { After = new(chain[1]) }, transaction);
        var batch = await _shop.Jobs.EnqueueBatchAsync(new JobBatch().Add(new Note("b1")).Add(new Note("b2")).Finally(new Note("end")), transaction);
        await transaction.CommitAsync();
        await _shop.Notes.RunAsync("c1", "c2", "c3", "b1", "b2", "end");
        var order = _shop.Notes.Ran.ToList();
        Assert.True(order.IndexOf("c1") < order.IndexOf("c2") && order.IndexOf("c2") < order.IndexOf("c3"));
        Assert.True(order.IndexOf("b1") < order.IndexOf("end") && order.IndexOf("b2") < order.IndexOf("end"));
        Assert.Equal(2, (await _shop.Jobs.CountBatchAsync(batch)).Total);
    }

    [Fact]
    public async Task A_request_that_was_accepted_but_not_taken_off_is_accepted_once()
    {
        // What a node that dies between the two steps leaves behind.
        await server.RunAsync($"""
            CREATE FUNCTION {_schema}.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'died'; END $$;
            CREATE TRIGGER die BEFORE DELETE ON {_schema}.inbox FOR EACH ROW EXECUTE FUNCTION {_schema}.die()
            """);
        await CommitAsync(new Note("plain"));
        await CommitAsync(new Note("unique"), new() { UniqueKey = "u" });
        await _shop.Notes.RunAsync("plain", "unique");
        await _shop.DisposeAsync();
        Assert.Equal(2, await ShopProgram.WaitingAsync(_connection, _schema));
        await server.RunAsync($"DROP TRIGGER die ON {_schema}.inbox");

        _shop = await ShopProgram.StartAsync(server, _schema, notes: _shop.Notes);
        await DrainedAsync();
        await CommitAsync(new Note("after"));
        await _shop.Notes.RunAsync("after");
        Assert.Equal(3, await Notes.CountAsync(_shop.Broker));
        Assert.Equal(3, _shop.Notes.Ran.Count);
    }

    [Fact]
    public async Task Of_several_nodes_one_accepts_and_another_takes_over_when_it_leaves()
    {
        await using var second = await ShopProgram.StartAsync(server, _schema, notes: _shop.Notes);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async t =>
        {
            await using var connection = await server.ConnectAsync();
            for (int n = 0; n < 50; n++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                await _shop.Jobs.EnqueueAsync(new Note($"{t} {n}"), transaction);
                await transaction.CommitAsync();
            }
        }));
        await _shop.DisposeAsync();
        await Notes.UntilAsync("all ran", () => Task.FromResult(_shop.Notes.Ran.Count >= 200));
        Assert.Equal(200, await Notes.CountAsync(second.Broker));
        Assert.Equal(200, _shop.Notes.Ran.Distinct().Count());
    }

    [Fact]
    public async Task What_can_never_be_accepted_is_laid_aside_and_holds_nobody_up()
    {
        await server.RunAsync($"INSERT INTO {_schema}.inbox (id, content) VALUES ('{Guid.NewGuid()}', 'nonsense')");
        await CommitAsync(new Note("waits for nobody"), new() { After = new(Guid.NewGuid()) });
        await CommitAsync(new Note("good"));
        await _shop.Notes.RunAsync("good");
        await DrainedAsync();
        await using var command = new NpgsqlCommand($"SELECT fault FROM {_schema}.inbox ORDER BY seq", _connection);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        Assert.Contains("version", reader.GetString(0), StringComparison.Ordinal);
        Assert.True(await reader.ReadAsync());
        Assert.Contains("There is no job", reader.GetString(0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_before_it_is_written()
    {
        var transaction = await _connection.BeginTransactionAsync();
        await Assert.ThrowsAsync<JobValidationException>(() => _shop.Jobs.EnqueueAsync(new Note("a"), new() { Priority = 11 }, transaction).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => _shop.Jobs.EnqueueAsync("no kind", transaction).AsTask());
        // The transaction is as sound as before.
        await _shop.Jobs.EnqueueAsync(new Note("b"), transaction);
        await transaction.CommitAsync();
        await _shop.Notes.RunAsync("b");
        await Assert.ThrowsAsync<InvalidOperationException>(() => _shop.Jobs.EnqueueAsync(new Note("c"), transaction).AsTask());

        await using var sqlite = new Microsoft.Data.Sqlite.SqliteConnection("Data Source=:memory:");
        await sqlite.OpenAsync();
        await using var other = await sqlite.BeginTransactionAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => _shop.Jobs.EnqueueAsync(new Note("d"), other).AsTask());
    }

    private async Task<Guid> CommitAsync(Note note, JobOptions? options = null)
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        var id = await _shop.Jobs.EnqueueAsync(note, options, transaction);
        await transaction.CommitAsync();
        return id;
    }

    private Task DrainedAsync() => Notes.UntilAsync("the inbox is empty", async () => await ShopProgram.WaitingAsync(_connection, _schema) == 0);
}
