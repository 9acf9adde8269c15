using Drover.Jobs;
using Drover.Storage;
using Drover.StoreTests.NetQueue;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Postgres;

// When the server, a session or the way to it fails.
public sealed partial class PostgresNodesTests
{
    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_crash_of_the_server_and_running_jobs_go_on()
    {
        await using var server = new PostgresServer();
        await using var node = await OpenAsync(await server.UrlAsync());
        await node.Jobs.EnqueueAsync(new([Make.Task(), Make.Task()]));
        var lease = Assert.Single(await LeaseAsync(node, 1));
        await server.CrashAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await node.Jobs.EnqueueAsync(new(Make.Task())));
        await server.RestartAsync();
        await UntilAsync(() => WorksAsync(async () => await node.Jobs.PingAsync()));
        await UntilAsync(() => Leads(node));

        Assert.Empty(await node.Jobs.ExpireLeasesAsync(10));
        Assert.Equal(JobStatus.Completed, Assert.Single(await node.Jobs.FinishAsync([new(lease.Token, Make.Completed)])).To);
        Assert.Equal(new JobCounts(0, 1, 0, 0, 1, 0, 0), await node.Jobs.CountAsync(JobFilter.All));
    }

    [Fact]
    public async Task Sessions_that_an_operator_ends_lose_and_double_nothing()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var acknowledged = new List<Guid>();
        using var end = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 6).Select(n => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                var first = JobId.New(TimeProvider.System);
                try
                {
                    await (n % 2 == 0 ? one : two).Jobs.EnqueueAsync(new([Make.Task(), Make.Task()]) { FirstId = first }, CancellationToken.None);
                }
                catch (StoreUnavailableException)
                {
                    continue;
                }

                lock (acknowledged)
                    acknowledged.AddRange([first, JobId.Following(first, 1)]);
            }
        })).ToArray();
        for (int n = 0; n < 5; n++)
        {
            int before = acknowledged.Count;
            await UntilAsync(() => acknowledged.Count > before + 20);
            await shared.RunAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{_schema}'");
        }

        await end.CancelAsync();
        await Task.WhenAll(callers);
        await UntilAsync(() => WorksAsync(async () => await one.Jobs.PingAsync()));
        Assert.DoesNotContain(null, await one.Jobs.GetAsync(acknowledged));
        var leased = new List<Guid>();
        await UntilAsync(() => WorksAsync(async () => leased.AddRange((await LeaseAsync(one, 100_000)).Select(l => l.Token.JobId))));
        Assert.Empty(acknowledged.Except(leased));
        Assert.Equal(leased.Count, leased.Distinct().Count());
        // Both jobs of a request or none.
        Assert.Equal(0, leased.Count % 2);
    }

    [Fact]
    public async Task An_answer_that_is_lost_after_the_commit_leaves_its_caller_in_doubt_and_asking_again_does_no_harm()
    {
        await using var proxy = new FaultyProxy(await shared.PortAsync());
        await using var direct = await OpenAsync();
        await using var node = await OpenAsync((await shared.UrlAsync()).Replace($":{await shared.PortAsync()}", $":{proxy.Port}", StringComparison.Ordinal));
        await node.Jobs.EnqueueAsync(new(Make.Task()));
        var first = JobId.New(TimeProvider.System);
        var request = new EnqueueRequest([Make.Task(), Make.Task()]) { FirstId = first };
        await InDoubtAsync(async () => await node.Jobs.EnqueueAsync(request), async () => (await direct.Jobs.GetAsync([first]))[0] is not null);
        Assert.Equal(first, (await Assert.ThrowsAsync<JobIdTakenException>(async () => await node.Jobs.EnqueueAsync(request))).Id);
        Assert.Equal(3, (await direct.Jobs.CountAsync(JobFilter.All)).Queued);

        var lease = (await LeaseAsync(node, 3))[0];
        await InDoubtAsync(async () => await node.Jobs.FinishAsync([new(lease.Token, Make.Completed)]),
            async () => (await direct.Jobs.CountAsync(JobFilter.All)).Completed == 1);
        var again = Assert.Single(await node.Jobs.FinishAsync([new(lease.Token, Make.Failed)]));
        Assert.Equal((ChangeResult.LeaseLost, JobStatus.Completed), (again.Result, again.To));

        async Task InDoubtAsync(Func<Task> call, Func<Task<bool>> happened)
        {
            proxy.Swallows = true;
            var asked = Task.Run(call);
            await UntilAsync(happened);
            proxy.CutAll();
            Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(() => asked)).InDoubt);
            proxy.Swallows = false;
            await UntilAsync(() => WorksAsync(async () => await node.Jobs.PingAsync()));
        }
    }
}
