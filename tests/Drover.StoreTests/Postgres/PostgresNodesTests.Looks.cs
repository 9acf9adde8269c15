using Drover.Brokers;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Postgres;

// What no news told of, as after a node that was killed between a commit and its telling.
public sealed partial class PostgresNodesTests
{
    [Fact]
    public async Task Ready_jobs_due_jobs_and_lost_leases_of_which_no_news_came_are_found()
    {
        await using var silent = await OpenAsync();
        await using var node = await OpenAsync();
        await using var broker = new Broker(node.Jobs, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await broker.StartAsync();
        await silent.Jobs.EnqueueAsync(new(Make.Task()));
        Assert.Single(await LeaseAsync(silent, 1, "killed", TimeSpan.FromSeconds(1)));
        // The duties are those of the node that leads.
        await silent.DisposeAsync();
        await UntilAsync(() => Leads(node));
        await using var other = await OpenAsync();

        await using var session = await broker.ConnectAsync(new()
        {
            Id = "w",
            InstanceId = Guid.NewGuid(),
            Host = "h",
            ProcessId = 1,
            Version = "1",
            Slots = 10,
            Queues = [new("default"), new("later")],
            Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
        });
        // The lost one comes again after its backoff.
        Assert.Equal(2, Assert.Single(await session.LeaseAsync(10).AsTask().WaitAsync(TestWorker.Patience, TimeProvider.System)).Token.Attempt);
        var waiting = session.LeaseAsync(10).AsTask().WaitAsync(TestWorker.Patience, TimeProvider.System);
        var ready = (await other.Jobs.EnqueueAsync(new(Make.Task()))).Jobs[0].Id;
        Assert.Equal(ready, Assert.Single(await waiting).Token.JobId);
        waiting = session.LeaseAsync(10).AsTask().WaitAsync(TestWorker.Patience, TimeProvider.System);
        var due = (await other.Jobs.EnqueueAsync(new(Make.Task() with { Delay = TimeSpan.FromMilliseconds(1) }))).Jobs[0].Id;
        Assert.Equal(due, Assert.Single(await waiting).Token.JobId);
        await broker.StopAsync();
    }

    [Fact]
    public async Task A_node_hears_that_documents_were_changed_by_another_and_of_no_other_kind()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        int limits = 0, servers = 0;
        using var watch = two.Catalog.Watch("limit", () => limits++);
        using var servingWatch = two.Catalog.Watch("server", () => servers++);
        var limit = await one.Catalog.CreateAsync(new("limit", "l", "l", 0, "{}"u8.ToArray()));
        await UntilAsync(() => limits == 1);
        limit = await one.Catalog.UpdateAsync(limit);
        await UntilAsync(() => limits == 2);
        Assert.True(await one.Catalog.DeleteAsync("limit", "l", limit.Version));
        await UntilAsync(() => limits == 3);
        Assert.Equal(0, servers);
        // What was told while the session was cut is not known.
        await shared.RunAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{_schema}'");
        await UntilAsync(() => limits > 3 && servers > 0);
        watch!.Dispose();
    }
}
