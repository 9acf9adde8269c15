using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Postgres;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Drover.StoreTests.Postgres;

/// <summary>Several nodes on one database, and what happens when it or the way to it fails.</summary>
public sealed partial class PostgresNodesTests(PostgresServer shared)
{
    private readonly string _schema = shared.NewSchema();

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Nodes_lease_each_job_once_and_each_in_order(int count)
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => OpenAsync()));
        await Task.WhenAll(nodes.Select((node, n) => Task.Run(async () =>
        {
            for (int batch = 0; batch < 10; batch++)
                await node.Jobs.EnqueueAsync(new([.. Enumerable.Range(0, 20).Select(i => Make.Task() with { Priority = 1 + (i + n) % 10 })]));
        })));

        var taken = await Task.WhenAll(nodes.Select((node, n) => Task.Run(async () =>
        {
            var mine = new List<Lease>();
            while (await LeaseAsync(node, 7, $"w-{n}") is { Count: > 0 } leases)
            {
                mine.AddRange(leases);
                Assert.All(await node.Jobs.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Completed))]), c => Assert.Equal(ChangeResult.Done, c.Result));
            }

            return mine;
        })));
        Assert.Equal(200 * count, taken.Sum(t => t.Count));
        Assert.Equal(200 * count, taken.SelectMany(t => t).Select(l => l.Token.JobId).Distinct().Count());
        foreach (var mine in taken)
            Assert.Equal(mine.Select(l => l.Spec.Priority).Order(), mine.Select(l => l.Spec.Priority));
        Assert.Equal(200 * count, (await nodes[0].Jobs.CountAsync(JobFilter.All)).Completed);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task A_stale_lease_of_another_node_is_refused()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        await one.Jobs.EnqueueAsync(new(Make.Task()));
        var stale = Assert.Single(await LeaseAsync(one, 1));
        Assert.Single(await two.Jobs.LoseWorkerAsync("w", Guid.NewGuid()));
        Assert.False(Assert.Single(await one.Jobs.RenewAsync([stale.Token], TimeSpan.FromSeconds(30))).Held);
        Assert.False(await one.Jobs.AppendOutputAsync(stale.Token, [Make.Entry(1, "late", DateTimeOffset.UnixEpoch)], null));
        Assert.Equal(ChangeResult.LeaseLost, Assert.Single(await one.Jobs.FinishAsync([new(stale.Token, Make.Completed)])).Result);
    }

    [Fact]
    public async Task A_job_leased_by_one_node_is_canceled_and_finished_by_another()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        // The line is new to the second node.
        var id = (await one.Jobs.EnqueueAsync(new(Make.Task() with { Queue = "fresh" }))).Jobs[0].Id;
        var lease = Assert.Single(await LeaseAsync(two, 1));
        Assert.Equal("fresh", Assert.Single(await one.Jobs.CancelAsync([id], "me")).Queue);
        Assert.True(Assert.Single(await two.Jobs.RenewAsync([lease.Token], TimeSpan.FromSeconds(30))).CancelRequested);
        Assert.Equal(JobStatus.Failed, Assert.Single(await one.Jobs.FinishAsync([new(lease.Token, Make.Failed)])).To);
    }

    [Fact]
    public async Task A_limit_holds_for_all_nodes_together()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenAsync()));
        foreach (var node in nodes)
            await node.Jobs.SetLimitsAsync(new Dictionary<string, int?> { ["server:srv-1"] = 5 });
        await nodes[0].Jobs.EnqueueAsync(new([.. Enumerable.Repeat(Make.Command(), 60)]));
        var leases = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => Task.Run(async () => await LeaseAsync(nodes[n % 3], 2, $"w-{n}"))));
        Assert.Equal(5, leases.Sum(l => l.Count));
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task Keys_and_full_queues_are_looked_at_by_one_node_at_a_time()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenAsync(queues: new() { MaxSize = 10 })));
        var results = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => Task.Run(async () =>
            await nodes[n % 3].Jobs.EnqueueAsync(new([Make.Task() with { UniqueKey = "one" }], "request", "print")))));
        Assert.Single(results, r => !r.Replayed);
        Assert.Single(results.Select(r => r.Jobs[0].Id).Distinct());
        bool[] accepted = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => Task.Run(async () =>
        {
            try
            {
                await nodes[n % 3].Jobs.EnqueueAsync(new(Make.Task()));
                return true;
            }
            catch (QueueFullException)
            {
                return false;
            }
        })));
        Assert.Equal(9, accepted.Count(a => a));
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task One_node_leads_and_another_takes_over_when_it_is_gone_or_cut_off()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        Assert.True(Leads(one));
        Assert.False(Leads(two));
        await one.DisposeAsync();
        Assert.False(Leads(one));
        await UntilAsync(() => Leads(two));

        await using var three = await OpenAsync();
        var (told, heard) = (new Heard(), new Heard());
        ((ISharedStore)two.Jobs).Join(told);
        ((ISharedStore)three.Jobs).Join(heard);
        await shared.RunAsync($"SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND a.application_name = '{_schema}'");
        await UntilAsync(() => told.Misses > 0);
        await UntilAsync(() => Leads(two) || Leads(three));
        // The one that was cut off hears the other again.
        await UntilAsync(() =>
        {
            ((ISharedStore)three.Jobs).Tell(new(0, default, EventKind.QueuePaused, Subject: "q"));
            return told.Events > 0;
        });
        Assert.Equal(0, heard.Events);
    }

    [Fact]
    public async Task A_worker_of_one_node_is_woken_and_canceled_by_another()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        await using var here = new Broker(one.Jobs, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await using var there = new Broker(two.Jobs, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await here.StartAsync();
        await there.StartAsync();
        await using var session = await there.ConnectAsync(new()
        {
            Id = "w",
            InstanceId = Guid.NewGuid(),
            Host = "h",
            ProcessId = 1,
            Version = "1",
            Slots = 1,
            Queues = [new("default")],
            Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
        });
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        var waiting = session.LeaseAsync(1, patience.Token).AsTask();
        var id = (await here.EnqueueAsync(new(Make.Task()))).Jobs[0].Id;
        var lease = Assert.Single(await waiting);
        Assert.Equal(id, lease.Token.JobId);

        Assert.Equal(ChangeResult.Accepted, Assert.Single(await here.CancelAsync([id], "me")).Result);
        Assert.Equal(lease.Token, (await session.Signals.ReadAsync(patience.Token)).Lease);
        await there.StopAsync();
        await here.StopAsync();
    }

    [Fact]
    public async Task News_of_thousands_of_changes_arrive_in_order_or_are_said_to_be_missed()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var heard = new Heard();
        ((ISharedStore)two.Jobs).Join(heard);
        for (int n = 1; n <= 5_000; n++)
            ((ISharedStore)one.Jobs).Tell(new(0, DateTimeOffset.UnixEpoch, EventKind.JobChanged, Guid.NewGuid(), JobStatus.Queued, n, "a queue of some length"));
        await UntilAsync(() => heard.Last == 5_000);
        Assert.True(heard.InOrder);
        Assert.True(heard.Events == 5_000 || heard.Misses > 0);
    }

    [Fact]
    public async Task While_an_old_transaction_is_open_jobs_come_in_order_and_one_of_a_slow_transaction_is_found()
    {
        await using var node = await OpenAsync();
        await using var old = await shared.ConnectAsync();
        await using var held = await old.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var look = new NpgsqlCommand($"SELECT pg_current_xact_id(), count(*) FROM {_schema}.jobs", old, held))
            await look.ExecuteScalarAsync();
        var ids = new List<Guid>();
        for (int n = 0; n < 10; n++)
            ids.AddRange((await node.Jobs.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 50)]))).Jobs.Select(j => j.Id));

        // A job that has its place in the line, but is not there yet.
        await using var slow = await shared.ConnectAsync();
        await using var late = await slow.BeginTransactionAsync();
        var slowId = Guid.NewGuid();
        await using (var add = new NpgsqlCommand($"""
            SET LOCAL search_path = {_schema};
            INSERT INTO jobs (seq, created_at, id, line, kind, spec, payload) SELECT nextval('job_seq'), created_at, '{slowId}', line, kind, spec, payload FROM jobs ORDER BY seq LIMIT 1;
            INSERT INTO ready (seq, ready_at, line, attempt, used, status, back) SELECT currval('job_seq'), created_at, line, 0, 0, 2, false FROM jobs WHERE id = '{slowId}';
            """, slow, late))
            await add.ExecuteNonQueryAsync();
        ids.AddRange((await node.Jobs.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 50)]))).Jobs.Select(j => j.Id));

        var leased = new List<Guid>();
        while (await LeaseAsync(node, 25) is { Count: > 0 } leases)
        {
            leased.AddRange(leases.Select(l => l.Token.JobId));
            // Long enough for the floors to rise.
            await Task.Delay(TimeSpan.FromMilliseconds(40), TimeProvider.System);
        }

        Assert.Equal(ids, leased);
        await late.CommitAsync();
        await UntilAsync(async () => (await LeaseAsync(node, 1)).Any(l => l.Token.JobId == slowId));
        await held.RollbackAsync();
    }

    [Fact]
    public async Task Jobs_of_hundreds_of_lines_come_in_order_however_deep_each_line_is()
    {
        await using var node = await OpenAsync();
        var all = new List<(int Priority, int Order, Guid Id)>();
        for (int n = 0; n < 3; n++)
        {
            // Each server's jobs stand in a line of their own; every fourth line is deep.
            JobSpec[] specs = [.. Enumerable.Range(0, 150).SelectMany(i => Enumerable.Repeat(Server(i) with { Priority = 1 + i % 3 }, i % 4 == 0 ? 4 : 1))];
            var jobs = (await node.Jobs.EnqueueAsync(new(specs))).Jobs;
            all.AddRange(specs.Select((spec, i) => (spec.Priority, n * 10_000 + i, jobs[i].Id)));
        }

        var leased = new List<Guid>();
        while (await LeaseAsync(node, 40) is { Count: > 0 } leases)
            leased.AddRange(leases.Select(l => l.Token.JobId));
        Assert.Equal(all.OrderBy(j => (j.Priority, j.Order)).Select(j => j.Id), leased);

        static JobSpec Server(int n) => Make.Command() with { Shell = Make.Command().Shell! with { ServerId = $"srv-{n}" } };
    }

    [Fact]
    public async Task A_database_with_the_catalog_alone_is_brought_up_to_date()
    {
        using var script = new StreamReader(typeof(PostgresDatabase).Assembly.GetManifestResourceStream("schema.001.sql")!);
        await shared.RunAsync($"""
            CREATE SCHEMA {_schema};
            SET search_path = {_schema};
            CREATE TABLE schema_version (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
            {await script.ReadToEndAsync()};
            INSERT INTO schema_version (version) VALUES (1);
            INSERT INTO documents (kind, id, name, folded_name, version, json, updated_at) VALUES ('server', '1', 'web', 'web', 1, '', 0);
            """);
        await using var node = await OpenAsync();
        Assert.NotNull(await node.Catalog.GetAsync("server", "1"));
        await node.Jobs.EnqueueAsync(new(Make.Task()));
        Assert.Single(await LeaseAsync(node, 1));
    }

    private async Task<PostgresDatabase> OpenAsync(string? url = null, QueueOptions? queues = null) => await PostgresDatabase.OpenAsync(
        new() { Url = (url ?? await shared.UrlAsync()) + "?application_name=" + _schema, Schema = _schema, Queues = queues ?? new() },
        TimeProvider.System, NullLoggerFactory.Instance);

    private static ValueTask<IReadOnlyList<Lease>> LeaseAsync(PostgresDatabase node, int max, string worker = "w", TimeSpan? duration = null) => node.Jobs.LeaseAsync(new()
    {
        WorkerId = worker,
        InstanceId = default,
        Max = max,
        Duration = duration ?? TimeSpan.FromSeconds(30),
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
    });

    private static bool Leads(PostgresDatabase node) => ((ISharedStore)node.Jobs).IsLeader;

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        while (!await holds())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    /// <summary>Whether a call works again that fails while the server is away.</summary>
    private static async Task<bool> WorksAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private sealed class Heard : ISharedStoreNode
    {
        public int Events { get; private set; }
        public int Misses { get; private set; }
        public int Last { get; private set; }
        public bool InOrder { get; private set; } = true;

        void ISharedStoreNode.Heard(IReadOnlyList<BrokerEvent> events)
        {
            foreach (var e in events)
            {
                InOrder &= e.Attempt > Last || e.Attempt == 0;
                Last = e.Attempt;
            }

            Events += events.Count;
        }

        public void Missed() => Misses++;

        public void Leads()
        {
        }
    }
}
