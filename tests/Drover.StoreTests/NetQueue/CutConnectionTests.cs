using System.Text;
using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Output;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.NetQueue;

/// <summary>Connections that break at any moment: nothing is lost, nothing is done twice.</summary>
public sealed class CutConnectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_byte_connections_are_cut_at_every_job_is_done_once(int seed)
    {
        const int Jobs = 150;
        await using var house = await NetQueueHouse.OpenAsync();
        var chance = new Random(seed);
        house.Proxy.Fate = () =>
        {
            lock (chance)
            {
                long bytes = chance.Next(300, 6000);
                return chance.Next(2) == 0 ? new(CutAfterUp: bytes, Piece: chance.Next(1, 200)) : new(CutAfterDown: bytes, Piece: chance.Next(1, 200));
            }
        };
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        var working = Enumerable.Range(0, 3).Select(n => Task.Run(() => WorkAsync(house.Client(proxied: true), $"w-{n}", stop.Token))).ToList();
        var ids = (await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => ProduceAsync(house.Client(proxied: true), Jobs / 3, stop.Token))))).SelectMany(x => x).ToList();

        await NetQueueHouse.UntilAsync(async () => working.Any(w => w.IsFaulted) || (await house.Served.CountAsync(JobFilter.All, stop.Token)).Completed >= Jobs);
        await stop.CancelAsync();
        foreach (var work in working)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);

        Assert.Equal(Jobs, ids.Distinct().Count());
        var counts = await house.Served.CountAsync(JobFilter.All, CancellationToken.None);
        Assert.Equal((Jobs, Jobs), (counts.Total, counts.Completed));
        foreach (var id in ids)
            await AssertDoneOnceAsync(house, id);
        Assert.True(house.Proxy.Connections > 12, $"Only {house.Proxy.Connections} connections: nothing was cut.");
    }

    [Fact]
    public async Task Frames_that_arrive_byte_by_byte_are_understood()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        house.Proxy.Fate = () => new(Piece: 1);
        var client = house.Client(proxied: true);
        var id = (await client.EnqueueAsync(new(Make.Task()), TestContext.Current.CancellationToken)).Jobs[0].Id;
        Assert.Equal(id, (await client.GetAsync([id], TestContext.Current.CancellationToken))[0]!.Id);
    }

    [Fact]
    public async Task A_worker_that_was_away_goes_on_with_its_jobs_as_the_same_instance()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        var id = (await house.Served.EnqueueAsync(new(Make.Command()), default)).Jobs[0].Id;
        await using var session = await house.Client(proxied: true).ConnectAsync(NetQueueHouse.Worker(shell: true), default);
        var lease = Assert.Single(await session.LeaseAsync(1, default));

        house.Proxy.Refuses = true;
        house.Proxy.CutAll();
        int before = house.Proxy.Connections;
        var appending = session.AppendOutputAsync(lease.Token, [Make.Entry(1, "kept while away", house.Clock.GetUtcNow())], null, default);
        await NetQueueHouse.UntilAsync(() => house.Proxy.Connections > before + 2);
        Assert.False(appending.IsCompleted);
        house.Proxy.Refuses = false;

        Assert.True(await appending);
        Assert.True(Assert.Single(await session.RenewAsync([lease.Token], default)).Held);
        Assert.Equal(ChangeResult.Done, Assert.Single(await session.FinishAsync([new(lease.Token, Make.Completed)], default)).Result);
        var job = await house.ReadAsync(id);
        Assert.Equal((JobStatus.Completed, 1), (job.Status, job.Attempt));
        Assert.Single(await house.Served.ListWorkersAsync(default));
    }

    [Fact]
    public async Task A_cancel_that_comes_while_the_worker_is_away_is_told_when_it_is_back()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        var id = (await house.Served.EnqueueAsync(new(Make.Command()), default)).Jobs[0].Id;
        await using var session = await house.Client(proxied: true).ConnectAsync(NetQueueHouse.Worker(shell: true), default);
        var lease = Assert.Single(await session.LeaseAsync(1, default));
        house.Proxy.Refuses = true;
        house.Proxy.CutAll();
        await NetQueueHouse.UntilAsync(() => house.Proxy.Connections > 3);
        await house.Served.CancelAsync([id], "ada", default);
        house.Proxy.Refuses = false;
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        Assert.Equal(new(WorkerSignalKind.Cancel, lease.Token), await session.Signals.ReadAsync(patience.Token));
    }

    [Fact]
    public async Task No_job_is_leased_for_a_worker_that_is_away()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        await using var session = await house.Client(proxied: true).ConnectAsync(NetQueueHouse.Worker(), default);
        var waiting = session.LeaseAsync(1, default).AsTask();
        await NetQueueHouse.UntilAsync(async () => (await house.Served.ListWorkersAsync(default)).Count == 1);
        house.Proxy.Refuses = true;
        house.Proxy.CutAll();
        int before = house.Proxy.Connections;
        await NetQueueHouse.UntilAsync(() => house.Proxy.Connections > before + 2);
        var id = (await house.Served.EnqueueAsync(new(Make.Task()), default)).Jobs[0].Id;
        Assert.Equal(JobStatus.Queued, (await house.ReadAsync(id)).Status);
        house.Proxy.Refuses = false;
        Assert.Equal(id, Assert.Single(await waiting.WaitAsync(TestWorker.Patience, TimeProvider.System)).Token.JobId);
    }

    [Fact]
    public async Task A_worker_that_does_not_come_back_loses_its_seat()
    {
        var time = new TestClock();
        await using var house = await NetQueueHouse.OpenAsync(serverTime: time);
        var session = await house.Client(proxied: true).ConnectAsync(NetQueueHouse.Worker(), default);
        house.Proxy.Refuses = true;
        house.Proxy.CutAll();
        await NetQueueHouse.UntilAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return (await house.Served.ListWorkersAsync(default)).Count == 0;
        });
        house.Proxy.Refuses = false;
        await NetQueueHouse.UntilAsync(async () => (await house.Served.ListWorkersAsync(default)).Count == 1);
        await session.DisposeAsync();
        Assert.Empty(await house.Served.ListWorkersAsync(default));
    }

    [Fact]
    public async Task Events_go_on_after_the_last_one_seen_whatever_is_cut()
    {
        const int Jobs = 1500;
        await using var house = await NetQueueHouse.OpenAsync();
        var chance = new Random(7);
        // A frame of events is up to 8 KiB: less would never get through.
        house.Proxy.Fate = () => new(CutAfterDown: chance.Next(9_000, 16_000), Piece: 1000);
        var client = house.Client(proxied: true);
        long after = house.Served.Events.LastSeq;
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        var reading = Task.Run(async () =>
        {
            var seen = new List<BrokerEvent>();
            await foreach (var e in client.Events.ReadAsync(EventTopics.Jobs, after, null, patience.Token))
            {
                seen.Add(e);
                if (seen.Count == Jobs)
                    break;
            }

            return seen;
        });
        var ids = new List<Guid>();
        for (int n = 0; n < Jobs; n++)
            ids.Add((await house.Served.EnqueueAsync(new(Make.Task()), default)).Jobs[0].Id);
        Assert.Equal(ids, (await reading).Select(e => e.JobId));
        Assert.True(house.Proxy.Connections > 3);
    }

    [Fact]
    public async Task A_request_that_never_reaches_the_server_is_not_in_doubt()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        house.Proxy.Refuses = true;
        var client = house.Client(proxied: true, change: o => o with { RequestTimeout = TimeSpan.FromSeconds(1) });
        var e = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await client.EnqueueAsync(new(Make.Task()), default));
        Assert.False(e.InDoubt);
    }

    private static async Task<List<Guid>> ProduceAsync(NetQueueBroker client, int count, CancellationToken cancel)
    {
        var ids = new List<Guid>();
        for (int n = 0; n < count; n++)
            ids.Add((await client.EnqueueAsync(new(n % 3 == 0 ? Make.Task() with { UniqueKey = Guid.NewGuid().ToString() } : n % 3 == 1 ? Make.Command() : Make.Task()), cancel)).Jobs[0].Id);
        return ids;
    }

    private static async Task WorkAsync(NetQueueBroker client, string id, CancellationToken cancel)
    {
        await using var session = await client.ConnectAsync(NetQueueHouse.Worker(id, shell: true), cancel);
        while (true)
        {
            foreach (var lease in await session.LeaseAsync(5, cancel))
            {
                for (long n = 0; n < 3; n++)
                    Assert.True(await session.AppendOutputAsync(lease.Token, [Entry(lease, lease.FirstOutputSeq + n)], null, cancel));
                Assert.Equal(ChangeResult.Done, Assert.Single(await session.FinishAsync([new(lease.Token, Make.Completed)], cancel)).Result);
            }
        }
    }

    private static OutputEntry Entry(Lease lease, long seq) =>
        new(seq, lease.StartedAt, lease.Token.Attempt, OutputStream.Stdout, Encoding.UTF8.GetBytes($"line {seq} of {lease.Token.JobId}"));

    private static async Task AssertDoneOnceAsync(NetQueueHouse house, Guid id)
    {
        var job = await house.ReadAsync(id);
        Assert.Equal((JobStatus.Completed, 1, 1), (job.Status, job.Attempt, job.Attempts.Count));
        var output = await house.Served.ReadOutputAsync(new(id), CancellationToken.None);
        Assert.Equal([1L, 2L, 3L], output!.Entries.Select(e => e.Seq));
    }
}
