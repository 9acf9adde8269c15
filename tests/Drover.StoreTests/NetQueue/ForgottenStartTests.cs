using System.Net;
using Drover.Brokers;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Storage;
using Drover.StoreTests.Support;
using Drover.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.NetQueue;

/// <summary>
/// A crash of the store may forget a start that was recorded lazily, and give its number out again. A worker that outlived
/// the crash elsewhere holds a lease of the same name as the new attempt, and must not end it.
/// </summary>
public sealed class ForgottenStartTests
{
    private readonly Guid _id = JobId.New(TimeProvider.System);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_workers_new_attempt_is_not_ended_by_one_that_was_forgotten(bool returnsFirst)
    {
        await using var house = new House();
        await house.ServeAsync(_id);
        await using var client = house.Client();
        await using var outlived = await client.ConnectAsync(NetQueueHouse.Worker("w-1"), default);
        var stale = Assert.Single(await outlived.LeaseAsync(1, default));
        await house.CrashAsync(_id);

        if (returnsFirst)
            Assert.False(Assert.Single(await outlived.RenewAsync([stale.Token], default)).Held);
        await using var second = await client.ConnectAsync(NetQueueHouse.Worker("w-2"), default);
        var lease = Assert.Single(await second.LeaseAsync(1, default));
        Assert.Equal(stale.Token, lease.Token);

        Assert.False(await outlived.AppendOutputAsync(stale.Token, [Make.Entry(1, "stale", house.Now)], null, default));
        Assert.Equal(ChangeResult.LeaseLost, Assert.Single(await outlived.FinishAsync([new(stale.Token, Make.Completed)], default)).Result);
        Assert.False(Assert.Single(await outlived.RenewAsync([stale.Token], default)).Held);
        Assert.True(Assert.Single(await second.RenewAsync([lease.Token], default)).Held);
        Assert.Equal(ChangeResult.Done, Assert.Single(await second.FinishAsync([new(lease.Token, Make.Completed)], default)).Result);
        var job = Assert.Single(await client.GetAsync([_id], default))!;
        Assert.Equal((JobStatus.Completed, "w-2"), (job.Status, Assert.Single(job.Attempts).WorkerId));
    }

    [Fact]
    public async Task A_worker_that_outlived_the_crash_gets_its_job_again_under_another_number()
    {
        await using var house = new House();
        await house.ServeAsync(_id);
        await using var client = house.Client();
        await using var outlived = await client.ConnectAsync(NetQueueHouse.Worker(), default);
        var stale = Assert.Single(await outlived.LeaseAsync(1, default));
        await house.CrashAsync(_id);

        var lease = Assert.Single(await outlived.LeaseAsync(1, default));
        Assert.Equal(new(_id, stale.Token.Attempt + 1), lease.Token);
        Assert.Equal(ChangeResult.LeaseLost, Assert.Single(await outlived.FinishAsync([new(stale.Token, Make.Completed)], default)).Result);
        Assert.Equal(ChangeResult.Done, Assert.Single(await outlived.FinishAsync([new(lease.Token, Make.Completed)], default)).Result);
        Assert.Equal(1, Assert.Single(await client.GetAsync([_id], default))!.AttemptsUsed);
    }

    /// <summary>A queue server on one port, over one store after the other.</summary>
    private sealed class House : IAsyncDisposable
    {
        private readonly TestClock _clock = new();
        private InMemoryJobStore? _store;
        private Broker? _broker;
        private NetQueueServer? _server;
        private int _port;

        public DateTimeOffset Now => _clock.GetUtcNow();

        /// <summary>A server whose store has this job, and knows of no start of it.</summary>
        public async Task ServeAsync(Guid id)
        {
            _store = new(_clock);
            _broker = new(_store, null, new() { LeaseDuration = Make.LeaseDuration }, _clock, NullLoggerFactory.Instance);
            await _broker.EnqueueAsync(new(Make.Task()) { FirstId = id });
            _server = new(_broker, new() { Listen = new(IPAddress.Loopback, _port), AllowAnonymous = true }, TimeProvider.System, NullLoggerFactory.Instance);
            await _server.StartAsync(CancellationToken.None);
            _port = _server.Endpoint.Port;
        }

        /// <summary>The store loses the start that it had not yet written.</summary>
        public async Task CrashAsync(Guid id)
        {
            await DisposeAsync();
            await ServeAsync(id);
        }

        public NetQueueBroker Client() => new(
            new() { Host = "127.0.0.1", Port = _port, MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(20) },
            TimeProvider.System, NullLoggerFactory.Instance);

        public async ValueTask DisposeAsync()
        {
            await _server!.DisposeAsync();
            await _broker!.DisposeAsync();
            await _store!.DisposeAsync();
        }
    }
}
