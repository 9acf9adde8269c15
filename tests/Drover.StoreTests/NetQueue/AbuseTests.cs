using System.Buffers.Binary;
using Drover.Events;
using Drover.Jobs;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.NetQueue;

/// <summary>Clients that mean ill or are broken: they are told why, cut off, and nobody else notices.</summary>
public sealed class AbuseTests
{
    [Fact]
    public async Task A_frame_that_is_too_long_is_refused_before_it_is_read()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint);
        byte[] header = new byte[10];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 65 * 1024 * 1024);
        await client.Stream.WriteAsync(header, TestContext.Current.CancellationToken);
        Assert.Equal((ErrorCode.TooLarge, 0u), await client.ErrorAsync());
    }

    [Fact]
    public async Task Before_hello_only_short_frames_are_taken()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.OpenAsync(house.Server.Endpoint);
        await client.Stream.WriteAsync(Wire.Preamble.ToArray(), TestContext.Current.CancellationToken);
        await client.SendAsync(FrameType.Hello, 1, w => w.Raw(new byte[8000]));
        Assert.Equal(ErrorCode.TooLarge, (await client.ErrorAsync()).Code);
    }

    [Fact]
    public async Task What_is_no_request_is_told_apart_from_what_is_no_frame()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint);
        await client.SendAsync((FrameType)0x5A, 7, _ => { });
        Assert.Equal((ErrorCode.UnknownType, 7u), await client.ErrorAsync());
        await client.SendAsync(FrameType.Lease, 8, w => w.Int(1));
        Assert.Equal((ErrorCode.NotAttached, 8u), await client.ErrorAsync());
        await client.SendAsync(FrameType.Enqueue, 9, w => w.Raw([1, 2, 3]));
        Assert.Equal((ErrorCode.Malformed, 9u), await client.ErrorAsync());
        Assert.Equal((ErrorCode.Malformed, 0u), await client.ErrorAsync());
        await client.ClosedAsync();
    }

    [Fact]
    public async Task A_batch_that_is_too_long_is_refused_and_the_connection_goes_on()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint);
        await client.SendAsync(FrameType.Get, 2, w => ChangeMessages.WriteIds(w, new Guid[JobRules.MaxBatch + 1]));
        Assert.Equal((ErrorCode.TooLarge, 2u), await client.ErrorAsync());
        await client.SendAsync(FrameType.Ping, 3, w => w.Bool(true));
        Assert.Equal(FrameType.Ping | FrameType.Reply, (await client.ReadAsync())!.Value.Type);
    }

    [Theory]
    [InlineData("wrong", ErrorCode.Unauthorized, 1, 1)]
    [InlineData("", ErrorCode.Unauthorized, 1, 1)]
    [InlineData(NetQueueHouse.Secret, ErrorCode.Version, 3, 9)]
    internal async Task Who_may_not_come_in_hears_why(string token, ErrorCode code, ushort min, ushort max)
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.OpenAsync(house.Server.Endpoint);
        await client.SendHelloAsync(token, min, max);
        Assert.Equal((code, 0u), await client.ErrorAsync());
        await client.ClosedAsync();
    }

    [Fact]
    public async Task A_request_before_hello_is_refused()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.OpenAsync(house.Server.Endpoint);
        await client.Stream.WriteAsync(Wire.Preamble.ToArray(), TestContext.Current.CancellationToken);
        await client.SendAsync(FrameType.Ping, 1, w => w.Bool(false));
        Assert.Equal(ErrorCode.Unauthorized, (await client.ErrorAsync()).Code);
    }

    [Theory]
    [InlineData("producer-secret", (byte)FrameType.Delete, false)]
    [InlineData("producer-secret", (byte)FrameType.Attach, false)]
    [InlineData("producer-secret", (byte)FrameType.Count, true)]
    [InlineData("worker-secret", (byte)FrameType.Enqueue, false)]
    [InlineData("worker-secret", (byte)FrameType.Workers, false)]
    [InlineData(NetQueueHouse.Secret, (byte)FrameType.Workers, true)]
    public async Task A_token_allows_what_its_role_allows(string token, byte type, bool allowed)
    {
        await using var house = await NetQueueHouse.OpenAsync();
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint, token);
        await client.SendAsync((FrameType)type, 5, w => w.Raw(new byte[(FrameType)type == FrameType.Count ? 2 : 0]));
        if (allowed)
            Assert.Equal((FrameType)type | FrameType.Reply, (await client.ReadAsync())!.Value.Type);
        else
            Assert.Equal((ErrorCode.Forbidden, 5u), await client.ErrorAsync());
    }

    [Fact]
    public async Task Slow_loris_connections_are_closed_in_time_and_others_go_on()
    {
        var time = new TestClock();
        await using var house = await NetQueueHouse.OpenAsync(serverTime: time);
        using var silent = await RawClient.OpenAsync(house.Server.Endpoint);
        using var halting = await RawClient.OpenAsync(house.Server.Endpoint);
        await halting.Stream.WriteAsync(Wire.Preamble.ToArray().AsMemory(0, 3), TestContext.Current.CancellationToken);
        using var teasing = await RawClient.OpenAsync(house.Server.Endpoint);
        await teasing.Stream.WriteAsync((byte[])[.. Wire.Preamble.ToArray(), 40, 0, 0, 0, 1], TestContext.Current.CancellationToken);
        var closed = Task.WhenAll(silent.ClosedAsync(), halting.ClosedAsync(), teasing.ClosedAsync());
        await NetQueueHouse.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return closed.IsCompleted;
        });
        await house.Client().PingAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_client_that_falls_silent_is_told_and_cut_off()
    {
        var time = new TestClock();
        await using var house = await NetQueueHouse.OpenAsync(serverTime: time);
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint);
        var error = client.ErrorAsync();
        await NetQueueHouse.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return error.IsCompleted;
        });
        Assert.Equal(ErrorCode.TimedOut, (await error).Code);
    }

    [Fact]
    public async Task A_client_that_never_reads_its_pushes_costs_little_and_is_cut_off()
    {
        var time = new TestClock();
        await using var house = await NetQueueHouse.OpenAsync(serverTime: time);
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint);
        await client.SendAsync(FrameType.Subscribe, 2, w => EventMessages.WriteSubscribe(w, EventTopics.All, null, null));
        await NetQueueHouse.UntilAsync(() => client.Stream.DataAvailable);

        for (int n = 0; n < 20; n++)
            await house.Served.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 10_000)]), TestContext.Current.CancellationToken);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int n = 0; n < 100; n++)
        {
            await house.Served.SetPausedAsync(new string('q', 100), true, TestContext.Current.CancellationToken);
            for (int i = 0; i < 1000; i++)
                await house.Served.DrainWorkerAsync("nobody", TestContext.Current.CancellationToken);
        }

        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 8 * 1024 * 1024);
        await NetQueueHouse.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return !house.Server.HasConnections;
        });
    }

    [Fact]
    public async Task A_client_that_asks_for_much_and_reads_nothing_holds_up_only_itself()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        await house.Served.EnqueueAsync(new([.. Enumerable.Repeat(Make.Script(new string('x', 10_000)), 500)]), TestContext.Current.CancellationToken);
        using var client = await RawClient.WelcomedAsync(house.Server.Endpoint);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        // Each answer is 5 MB; a thousand of them are asked for.
        for (uint n = 2; n < 1000; n++)
            await client.SendAsync(FrameType.List, n, w => QueryMessages.WriteQuery(w, new(JobFilter.All, Limit: 500)));
        var other = house.Client();
        for (int n = 0; n < 20; n++)
            await other.PingAsync(TestContext.Current.CancellationToken);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 400L * 1024 * 1024);
    }

    [Fact]
    public async Task More_connections_than_allowed_are_refused_and_there_is_room_again_when_one_goes()
    {
        await using var house = await NetQueueHouse.OpenAsync(NetQueueHouse.Options with { MaxConnections = 3 });
        var clients = new List<RawClient>();
        for (int n = 0; n < 3; n++)
            clients.Add(await RawClient.WelcomedAsync(house.Server.Endpoint));
        using (var fourth = await RawClient.OpenAsync(house.Server.Endpoint))
        {
            await fourth.SendHelloAsync(NetQueueHouse.Secret);
            Assert.Equal(ErrorCode.TooMany, (await fourth.ErrorAsync()).Code);
        }

        clients[0].Dispose();
        await house.Client().PingAsync(TestContext.Current.CancellationToken);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Thousands_of_idle_connections_cost_little_and_hold_nobody_up()
    {
        const int Idle = 5000;
        await using var house = await NetQueueHouse.OpenAsync();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var clients = new List<RawClient>();
        try
        {
            for (int n = 0; n < Idle; n++)
                clients.Add(await RawClient.WelcomedAsync(house.Server.Endpoint));
            long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Idle;
            var id = (await house.Client().EnqueueAsync(new(Make.Task()), TestContext.Current.CancellationToken)).Jobs[0].Id;
            Assert.Equal(JobStatus.Queued, (await house.ReadAsync(id)).Status);
            // Both ends are in this process.
            Assert.True(each < 40_000, $"{each} bytes a connection");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }
}
