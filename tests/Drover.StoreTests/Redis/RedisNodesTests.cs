using Drover.Brokers;
using Drover.Jobs;
using Drover.Redis;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Drover.StoreTests.Redis;

/// <summary>Several nodes on one Redis, and what happens when it or the way to it fails.</summary>
public sealed class RedisNodesTests
{
    private readonly string _prefix = Guid.NewGuid().ToString("n");

    private async Task<RedisDatabase> OpenAsync(string? url = null) => await RedisDatabase.OpenAsync(
        new() { ConnectionString = url ?? (await SharedRedis.Current.ServerAsync()).Url, Prefix = _prefix }, TimeProvider.System, NullLoggerFactory.Instance);

    private static ValueTask<IReadOnlyList<Lease>> LeaseAsync(RedisDatabase node, int max, string worker = "w") => node.Jobs.LeaseAsync(new()
    {
        WorkerId = worker,
        InstanceId = default,
        Max = max,
        Duration = TimeSpan.FromSeconds(30),
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
    });

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

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Nodes_lease_each_job_once_and_each_in_order(int count)
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => OpenAsync()));
        var leased = await Task.WhenAll(nodes.Select((node, n) => Task.Run(async () =>
        {
            for (int batch = 0; batch < 10; batch++)
                await node.Jobs.EnqueueAsync(new([.. Enumerable.Range(0, 20).Select(i => Make.Task() with { Priority = 1 + (i + n) % 10 })]));
            return 0;
        })));
        Assert.Equal(count, leased.Length);

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
        Assert.Equal(ChangeResult.LeaseLost, Assert.Single(await one.Jobs.FinishAsync([new(stale.Token, Make.Completed)])).Result);
        Assert.False(await one.Jobs.AppendOutputAsync(stale.Token, [Make.Entry(1, "late", DateTimeOffset.UnixEpoch)], null));
    }

    [Fact]
    public async Task A_job_leased_by_one_node_is_finished_by_another()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        await one.Jobs.EnqueueAsync(new(Make.Task()));
        var lease = Assert.Single(await LeaseAsync(one, 1));
        Assert.Equal(JobStatus.Retrying, Assert.Single(await two.Jobs.FinishAsync([new(lease.Token, Make.Failed)])).To);
    }

    [Fact]
    public async Task One_node_leads_and_another_takes_over_when_it_is_gone()
    {
        await using var raw = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{(await SharedRedis.Current.ServerAsync()).Port}");
        RedisKey leader = "{drover:" + _prefix + "}:leader";
        await raw.GetDatabase().StringSetAsync(leader, "a node that died", TimeSpan.FromMinutes(10));
        await using var one = await OpenAsync();
        Assert.False(((ISharedStore)one.Jobs).IsLeader);
        await raw.GetDatabase().KeyExpireAsync(leader, TimeSpan.FromMilliseconds(1));
        await UntilAsync(() => Task.FromResult(((ISharedStore)one.Jobs).IsLeader));
        await using var two = await OpenAsync();
        Assert.False(((ISharedStore)two.Jobs).IsLeader);
        await one.DisposeAsync();
        await UntilAsync(() => Task.FromResult(((ISharedStore)two.Jobs).IsLeader));
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
    public async Task What_was_acknowledged_is_there_after_a_crash_of_the_server_and_running_jobs_go_on()
    {
        await using var server = await RedisServer.StartAsync();
        await using var node = await OpenAsync(server.Url);
        await node.Jobs.EnqueueAsync(new([Make.Task(), Make.Task()]));
        var lease = Assert.Single(await LeaseAsync(node, 1));
        await server.KillAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await node.Jobs.EnqueueAsync(new(Make.Task())));
        await server.RunAsync();
        await UntilAsync(() => WorksAsync(async () => await node.Jobs.PingAsync()));

        Assert.Empty(await node.Jobs.ExpireLeasesAsync(10));
        Assert.Equal(JobStatus.Completed, Assert.Single(await node.Jobs.FinishAsync([new(lease.Token, Make.Completed)])).To);
        Assert.Equal(new JobCounts(0, 1, 0, 0, 1, 0, 0), await node.Jobs.CountAsync(JobFilter.All));
    }

    [Fact]
    public async Task A_cut_connection_and_forgotten_scripts_are_got_over()
    {
        await using var server = await RedisServer.StartAsync();
        await using var node = await OpenAsync(server.Url);
        await node.Jobs.EnqueueAsync(new(Make.Task()));
        await using var raw = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port},allowAdmin=true");
        await raw.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");
        await node.Jobs.EnqueueAsync(new(Make.Task()));
        await raw.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await UntilAsync(() => WorksAsync(async () => await node.Jobs.PingAsync()));
        Assert.Equal(2, (await LeaseAsync(node, 5)).Count);
    }

    [Fact]
    public async Task A_server_that_throws_keys_away_is_refused()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru");
        var refused = await Assert.ThrowsAsync<RedisConfigurationException>(() => OpenAsync(server.Url));
        Assert.Contains("noeviction", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost")]
    [InlineData("redis://")]
    [InlineData("redis://:secret@localhost/x")]
    public async Task A_bad_address_is_refused_without_its_password(string url)
    {
        var refused = await Assert.ThrowsAsync<RedisConfigurationException>(() => OpenAsync(url));
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_away_is_said_to_be()
    {
        var server = await RedisServer.StartAsync();
        await server.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(server.Url));
    }

    [Fact]
    public async Task A_cluster_of_three_keeps_jobs()
    {
        string[] settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000"];
        await using var a = await RedisServer.StartAsync([.. settings, "--cluster-port", $"{RedisServer.FreePort()}"]);
        await using var b = await RedisServer.StartAsync([.. settings, "--cluster-port", $"{RedisServer.FreePort()}"]);
        await using var c = await RedisServer.StartAsync([.. settings, "--cluster-port", $"{RedisServer.FreePort()}"]);
        RedisServer[] servers = [a, b, c];
        for (int n = 0; n < 3; n++)
            await servers[n].CommandAsync($"CLUSTER ADDSLOTSRANGE {n * 5462} {Math.Min(16383, (n + 1) * 5462 - 1)}");
        await a.CommandAsync($"CLUSTER MEET 127.0.0.1 {b.Port} {b.BusPort}");
        await a.CommandAsync($"CLUSTER MEET 127.0.0.1 {c.Port} {c.BusPort}");
        foreach (var server in servers)
            await UntilAsync(async () => (await server.CommandAsync("CLUSTER INFO")).Contains("cluster_state:ok", StringComparison.Ordinal)
                && (await server.CommandAsync("CLUSTER INFO")).Contains("cluster_known_nodes:3", StringComparison.Ordinal));

        await using var one = await OpenAsync($"redis://127.0.0.1:{a.Port}");
        await using var two = await OpenAsync($"127.0.0.1:{b.Port},127.0.0.1:{c.Port}");
        await one.Jobs.EnqueueAsync(new([Make.Task(), Make.Command()]));
        var leases = await LeaseAsync(two, 5);
        Assert.Equal(2, (await one.Jobs.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Completed))])).Count(f => f.To == JobStatus.Completed));
        Assert.Equal(2, (await two.Jobs.ListAsync(new(JobFilter.All))).Items.Count);
    }

    [Fact]
    public async Task A_sentinel_leads_to_its_master()
    {
        await using var master = await RedisServer.StartAsync();
        await using var sentinel = await RedisServer.StartSentinelAsync(master.Port);
        await using var node = await OpenAsync($"127.0.0.1:{sentinel.Port},serviceName=drover");
        await node.Jobs.EnqueueAsync(new(Make.Task()));
        Assert.Single(await LeaseAsync(node, 1));
    }
}
