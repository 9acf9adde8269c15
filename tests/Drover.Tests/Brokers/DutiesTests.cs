using Drover.Jobs;
using Drover.Tests.Support;

namespace Drover.Tests.Brokers;

public sealed class DutiesTests
{
    [Fact]
    public async Task Duties_outlive_a_store_that_is_away_and_complain_once()
    {
        await using var home = new BrokerHome();
        await home.Broker.StartAsync();
        var id = await home.AddAsync(Specs.Task() with { Delay = TimeSpan.FromMinutes(5) });
        home.Store.Fail("promote", "expire", "retain");
        await Eventually.BecomesAsync("all three complain", () => home.Logs.Of(1010).Count == 3, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        for (int i = 0; i < 60; i++)
        {
            home.Clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        Assert.Equal(3, home.Logs.Of(1010).Count);
        home.Store.Recover();
        await Eventually.BecomesAsync("the job is ready", async () => (await home.ReadAsync(id)).Status == JobStatus.Queued, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        await Eventually.BecomesAsync("all three work again", () => home.Logs.Of(1012).Count == 3, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Promotion_sleeps_until_the_next_job_is_due_and_an_earlier_one_wakes_it()
    {
        await using var home = new BrokerHome();
        int rounds = 0;
        home.Store.Before = verb =>
        {
            rounds += verb == "promote" ? 1 : 0;
            return ValueTask.CompletedTask;
        };
        await home.Broker.StartAsync();
        await Eventually.BecomesAsync("it has looked", () => rounds > 0);
        var late = await home.AddAsync(Specs.Task() with { Delay = TimeSpan.FromSeconds(20) });
        await Eventually.BecomesAsync("it knows the late job", () => rounds > 1, () => home.Clock.Advance(TimeSpan.FromMilliseconds(5)));
        var soon = await home.AddAsync(Specs.Task() with { Delay = TimeSpan.FromSeconds(2) });
        await Eventually.BecomesAsync("the early job is ready", async () => (await home.ReadAsync(soon)).Status == JobStatus.Queued,
            () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        Assert.Equal(JobStatus.Scheduled, (await home.ReadAsync(late)).Status);
        Assert.InRange(rounds, 3, 8);
        int before = rounds;
        await home.AddAsync(Specs.Task() with { Delay = TimeSpan.FromHours(1) });
        Assert.Equal(before, rounds);
    }

    [Fact]
    public async Task A_clock_that_is_set_is_reported()
    {
        await using var home = new BrokerHome();
        await home.Broker.StartAsync();
        await Eventually.BecomesAsync("time passes", () => home.Clock.GetTimestamp() > 0, () => home.Clock.Advance(TimeSpan.FromSeconds(5)));
        await PassAsync(home, TimeSpan.FromSeconds(20));
        Assert.Empty(home.Logs.Of(1013));
        home.Clock.SetWrong(TimeSpan.FromHours(-1));
        await Eventually.BecomesAsync("it is seen", () => home.Logs.Of(1013).Count == 1, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Contains("back by 01:00", home.Logs.Of(1013)[0], StringComparison.Ordinal);
        await PassAsync(home, TimeSpan.FromSeconds(20));
        Assert.Single(home.Logs.Of(1013));
    }

    [Fact]
    public async Task Workers_may_renew_first_when_the_process_itself_stood_still()
    {
        await using var home = new BrokerHome();
        await home.Broker.StartAsync();
        await PassAsync(home, TimeSpan.FromSeconds(5));
        var session = await home.ConnectAsync();
        var id = await home.AddAsync(Specs.Command());
        var lease = (await session.LeaseAsync(1))[0];

        home.Clock.Advance(TimeSpan.FromMinutes(10));
        await Eventually.BecomesAsync("the pause is seen", () => home.Logs.Of(1014).Count == 1, () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        Assert.Equal(JobStatus.Running, (await home.ReadAsync(id)).Status);
        Assert.True((await session.RenewAsync([lease.Token]))[0].Held);
        await PassAsync(home, TimeSpan.FromSeconds(20));
        Assert.Equal(JobStatus.Running, (await home.ReadAsync(id)).Status);
        await Eventually.BecomesAsync("it is lost in the end", async () => (await home.ReadAsync(id)).Status == JobStatus.Failed, () => home.Clock.Advance(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_silent_workers_session_ends_so_that_no_job_goes_to_it()
    {
        await using var home = new BrokerHome();
        await home.Broker.StartAsync();
        var (silent, alive) = (await home.ConnectAsync("silent"), await home.ConnectAsync("alive"));
        var leasing = silent.LeaseAsync(1).AsTask();
        await Eventually.BecomesAsync("it is gone", async () => (await home.Broker.ListWorkersAsync()).Count == 1, () =>
        {
            home.Clock.Advance(TimeSpan.FromSeconds(1));
            alive.RenewAsync([]).AsTask().Wait(TestContext.Current.CancellationToken);
        });
        Assert.Empty(await leasing.InTimeAsync());
        await silent.Signals.Completion.InTimeAsync();
        Assert.Single(home.Logs.Of(1003));
        await home.AddAsync(Specs.Task());
        Assert.Single(await alive.LeaseAsync(1).AsTask().InTimeAsync());
    }

    private static async Task PassAsync(BrokerHome home, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            home.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
