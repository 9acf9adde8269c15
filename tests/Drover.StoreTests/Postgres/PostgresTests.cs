using Drover.Catalog;
using Drover.Jobs;
using Drover.Postgres;
using Drover.Storage;
using Drover.StoreTests.Brokers;
using Drover.StoreTests.Catalog;
using Drover.StoreTests.Jobs;
using Drover.StoreTests.Model;
using Drover.StoreTests.Stores;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Drover.StoreTests.Postgres;

/// <summary>A schema of its own on the test run's server.</summary>
public sealed class PostgresHome(PostgresServer server) : StoreHome
{
    private readonly string _schema = server.NewSchema();

    public override async ValueTask<OpenStore> OpenAsync(QueueOptions options, TimeProvider time)
    {
        var database = await PostgresDatabase.OpenAsync(
            new() { Url = await server.UrlAsync(), Schema = _schema, Queues = options }, time, NullLoggerFactory.Instance);
        return new(database.Jobs, database.Catalog, database.Audit, database.DisposeAsync);
    }

    public override async ValueTask DisposeAsync() => await server.RunAsync($"DROP SCHEMA IF EXISTS {_schema} CASCADE");
}

public sealed class PostgresStoreJobs(PostgresServer server) : JobConformance
{
    protected override TestSystem NewSystem() => new StoreSystem(new PostgresHome(server));
}

public sealed class PostgresStore(PostgresServer server) : StoreConformance
{
    protected override StoreHome NewHome() => new PostgresHome(server);
}

public sealed class PostgresCatalogTests(PostgresServer server) : CatalogConformance
{
    protected override StoreHome NewHome() => new PostgresHome(server);
}

public sealed class PostgresModel(PostgresServer server) : ModelConformance
{
    protected override StoreHome NewHome() => new PostgresHome(server);
}

public sealed class PostgresBrokerJobs(PostgresServer server) : JobConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new PostgresHome(server));
}

public sealed class PostgresBroker(PostgresServer server) : BrokerConformance
{
    protected override TestSystem NewSystem() => new BrokerSystem(new PostgresHome(server));
}

public sealed class PostgresDatabaseTests(PostgresServer server)
{
    private readonly TestClock _clock = new();
    private readonly string _schema = server.NewSchema();

    private static CatalogDocument Web => new("server", "1", "web", 0, "{}"u8.ToArray());

    [Fact]
    public async Task Nodes_that_start_at_once_share_one_new_schema()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(OpenAsync)));
        var created = await nodes[0].Catalog.CreateAsync(Web);
        foreach (var node in nodes)
        {
            var found = await node.Catalog.FindAsync("server", "WEB");
            Assert.Equal((created.Id, created.Version, created.UpdatedAt), (found!.Id, found.Version, found.UpdatedAt));
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_name_is_taken_once_by_several_nodes()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Task.Run(async () =>
        {
            try
            {
                await nodes[n % 4].Catalog.CreateAsync(Web with { Id = $"{n}" });
                return true;
            }
            catch (CatalogConflictException e)
            {
                Assert.True(e.NameTaken);
                return false;
            }
        })));
        Assert.Single(results, done => done);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_as_it_is()
    {
        await (await OpenAsync()).DisposeAsync();
        await server.RunAsync($"INSERT INTO {_schema}.schema_version (version) VALUES (1000)");
        var refused = await Assert.ThrowsAsync<SchemaTooNewException>(OpenAsync);
        Assert.Contains("1000", refused.Message, StringComparison.Ordinal);
        await server.RunAsync($"DELETE FROM {_schema}.schema_version WHERE version = 1000");
        await (await OpenAsync()).DisposeAsync();
    }

    [Fact]
    public async Task After_a_cut_connection_the_next_call_has_a_new_one()
    {
        await using var database = await OpenAsync();
        await database.Catalog.CreateAsync(Web);
        await server.RunAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{_schema}'");
        // The pool may have noticed already; if not, the first call hears of it.
        try
        {
            await database.Catalog.GetAsync("server", "1");
        }
        catch (StoreUnavailableException e)
        {
            Assert.False(e.InDoubt);
        }

        Assert.NotNull(await database.Catalog.GetAsync("server", "1"));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_unavailable() =>
        await Assert.ThrowsAsync<StoreUnavailableException>(() => PostgresDatabase.OpenAsync(new() { Url = "postgres://drover@127.0.0.1:1/x" }, _clock, NullLoggerFactory.Instance));

    [Theory]
    [InlineData("mysql://u@h/d", "must look like")]
    [InlineData("postgres://h/d", "name a user")]
    [InlineData("postgres://u@h", "name a user")]
    [InlineData("postgres://u:secret@h/d?sslmode=maybe", "sslmode 'maybe'")]
    [InlineData("postgres://u:secret@h/d?colour=red", "'colour'")]
    [InlineData("postgres://u:secret@h/d?connect_timeout=0", "connect_timeout")]
    public async Task A_bad_url_is_told_without_its_password(string url, string told)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => PostgresDatabase.OpenAsync(new() { Url = url }, _clock, NullLoggerFactory.Instance));
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Drover")]
    [InlineData("a; DROP TABLE x")]
    [InlineData("a\n")]
    [InlineData("")]
    public async Task A_bad_schema_is_refused(string schema) =>
        await Assert.ThrowsAsync<ArgumentException>(() => PostgresDatabase.OpenAsync(new() { Url = "postgres://u@h/d", Schema = schema }, _clock, NullLoggerFactory.Instance));

    [Fact]
    public async Task Finished_jobs_are_counted_from_the_changes_to_them_which_are_put_together()
    {
        await using var database = await OpenAsync();
        var jobs = (await database.Jobs.EnqueueAsync(new([.. Enumerable.Range(0, 300).Select(n => Make.Task() with { Queue = n % 3 == 0 ? "a" : "b" })]))).Jobs;
        foreach (var job in jobs)
            await database.Jobs.CancelAsync([job.Id], null);
        await database.Jobs.DeleteAsync([.. jobs.Take(30).Select(j => j.Id)]);
        Assert.True(await RowsAsync() >= 300);
        Assert.Equal((90, 180), await CountsAsync());

        await database.Jobs.RetainAsync(new(null, null), 100);
        Assert.Equal(2, await RowsAsync());
        Assert.Equal((90, 180), await CountsAsync());

        async Task<(long A, long B)> CountsAsync() =>
            ((await database.Jobs.CountAsync(new() { Queue = "a" })).Canceled, (await database.Jobs.CountAsync(new() { Queue = "b", Statuses = [JobStatus.Canceled] })).Canceled);

        async Task<long> RowsAsync()
        {
            await using var connection = await server.ConnectAsync();
            await using var ask = new NpgsqlCommand($"SELECT count(*) FROM {_schema}.done_counts", connection);
            return (long)(await ask.ExecuteScalarAsync())!;
        }
    }

    [Fact]
    public async Task A_text_that_very_many_jobs_have_is_listed_and_counted_like_a_rare_one()
    {
        await using var database = await OpenAsync();
        var jobs = new List<EnqueuedJob>();
        for (int n = 0; n < 6; n++)
            jobs.AddRange((await database.Jobs.EnqueueAsync(new([.. Enumerable.Range(0, 1000).Select(m => Make.Task() with { Name = m == 7 ? $"rare {n}" : "common" })]))).Jobs);
        Assert.Equal((5994, 6), ((await database.Jobs.CountAsync(new() { Text = "COMMON" })).Total, (await database.Jobs.CountAsync(new() { Text = "RARE" })).Total));
        var common = await database.Jobs.ListAsync(new(new() { Text = "common" }, JobSort.CreatedDescending, 500));
        Assert.Equal(jobs.AsEnumerable().Reverse().Take(500).Select(j => j.Id), common.Items.Select(j => j.Id));
        var rare = await database.Jobs.ListAsync(new(new() { Text = "rare" }, JobSort.CreatedDescending, 4));
        Assert.Equal(["rare 5", "rare 4", "rare 3", "rare 2"], rare.Items.Select(j => j.Spec.Name));
        Assert.Equal(["rare 1", "rare 0"], (await database.Jobs.ListAsync(new(new() { Text = "rare" }, JobSort.CreatedDescending, 4, rare.Next))).Items.Select(j => j.Spec.Name));
    }

    private async Task<PostgresDatabase> OpenAsync() =>
        await PostgresDatabase.OpenAsync(new() { Url = await server.UrlAsync() + "?application_name=" + _schema, Schema = _schema }, _clock, NullLoggerFactory.Instance);
}

public sealed class PostgresNodes(PostgresServer server) : NodesConformance
{
    private readonly string _schema = server.NewSchema();

    protected override async Task<(IJobStore Jobs, IAsyncDisposable Owner)> OpenAsync()
    {
        var node = await PostgresDatabase.OpenAsync(new() { Url = await server.UrlAsync(), Schema = _schema }, TimeProvider.System, NullLoggerFactory.Instance);
        return (node.Jobs, node);
    }
}
