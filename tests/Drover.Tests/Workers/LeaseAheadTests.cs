using Drover.Jobs;
using Drover.Storage;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Workers;

public sealed class LeaseAheadTests : IAsyncDisposable
{
    private const int Slots = 2;
    private const int Ahead = 10;
    private readonly WorkerHome _home = new() { Options = new() { Host = "w", Slots = Slots, LeaseAhead = Ahead, Queues = [new("*")] } };
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private int _most;
    private int _ran;

    public LeaseAheadTests()
    {
        _home.Handlers.Add("quick", static (_, _) => ValueTask.CompletedTask);
        _home.Handlers.Add("slow", async (_, _) =>
        {
            int now = Interlocked.Increment(ref _running);
            _most = Math.Max(_most, now);
            Interlocked.Increment(ref _ran);
            await _open.Task;
            Interlocked.Decrement(ref _running);
        });
    }

    [Fact]
    public async Task Where_jobs_are_short_more_are_leased_than_run_at_once()
    {
        await BeginAsync();
        // Both slots are taken first: how many more are asked for does then not hang on when the short ones ended.
        await AddSlowAsync(Slots);
        await RunningAsync(Slots);
        await AddSlowAsync(20 - Slots);
        await RunningAsync(Slots + Ahead);
        var worker = (await _home.Broker.ListWorkersAsync()).Single();
        Assert.Equal((Slots, Slots + Ahead), (worker.Busy, worker.Jobs.Count));
        _open.SetResult();
        await Eventually.BecomesAsync("all are completed", async () => (await CountAsync()).Completed == 20 + 2 * Ahead);
        Assert.Equal((20, Slots), (_ran, _most));
    }

    [Fact]
    public async Task Where_none_has_ended_lately_no_more_are_leased_than_there_are_slots()
    {
        await _home.StartAsync();
        await AddSlowAsync(20);
        await RunningAsync(Slots);
        _open.SetResult();
        await Eventually.BecomesAsync("all are completed", async () => (await CountAsync()).Completed == 20);
    }

    [Fact]
    public async Task One_that_waits_in_the_worker_is_canceled_at_once_and_never_begins()
    {
        await BeginAsync();
        var ids = await AddSlowAsync(5);
        await RunningAsync(5);
        Assert.Equal(ChangeResult.Accepted, (await _home.Broker.CancelAsync([ids[3]], "ada"))[0].Result);
        var job = await _home.BecomesAsync(ids[3], JobStatus.Canceled);
        Assert.Equal("Canceled before it began.", job.Outcome!.Error);
        _open.SetResult();
        await _home.BecomesAsync(ids[4], JobStatus.Completed);
        Assert.Equal(4, _ran);
    }

    [Fact]
    public async Task What_waits_when_the_worker_drains_is_handed_back_and_what_runs_ends()
    {
        var worker = await BeginAsync();
        var ids = await AddSlowAsync(5);
        await RunningAsync(5);
        var stopped = worker.StopAsync(CancellationToken.None);
        foreach (var id in ids[Slots..])
            Assert.Equal((0, 1), Attempts(await _home.BecomesAsync(id, JobStatus.Queued)));
        _open.SetResult();
        await stopped.InTimeAsync();
        Assert.Equal(Slots + 2 * Ahead, (await CountAsync()).Completed);
        Assert.Equal(Slots, _ran);

        static (int Used, int Number) Attempts(Job job) => (job.AttemptsUsed, job.Attempt);
    }

    [Fact]
    public async Task What_has_waited_for_a_heartbeat_is_handed_back_and_not_leased_again_while_none_ends()
    {
        await BeginAsync();
        var ids = await AddSlowAsync(8);
        await RunningAsync(8);
        long began = _home.Clock.GetTimestamp();
        await Eventually.BecomesAsync("the others are handed back", async () => (await CountAsync()).Queued == 8 - Slots, () => _home.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.True(_home.Clock.GetElapsedTime(began) >= _home.Options.HeartbeatInterval);
        await _home.Broker.CancelAsync([ids[^1]], null);
        Assert.Equal(Slots, (await CountAsync()).Running);
        _open.SetResult();
        await Eventually.BecomesAsync("the rest is completed", async () => (await CountAsync()).Completed == 7 + 2 * Ahead);
    }

    [Fact]
    public async Task One_whose_lease_is_lost_while_it_waits_never_begins()
    {
        await BeginAsync();
        var ids = await AddSlowAsync(4);
        await RunningAsync(4);
        await _home.Store.LoseWorkerAsync("w", Guid.NewGuid(), TestContext.Current.CancellationToken);
        await _home.Store.CancelAsync(ids, null, TestContext.Current.CancellationToken);
        await Eventually.BecomesAsync("the worker has let go of them", async () =>
            (await _home.Broker.ListWorkersAsync()).Single().Jobs.Count == 0, () => _home.Clock.Advance(TimeSpan.FromSeconds(1)));
        _open.SetResult();
        await _home.BecomesAsync((await AddSlowAsync(1))[0], JobStatus.Completed);
        Assert.Equal(Slots + 1, _ran);
    }

    public ValueTask DisposeAsync() => _home.DisposeAsync();

    /// <summary>A worker whose last jobs were short.</summary>
    private async Task<Worker> BeginAsync()
    {
        var worker = await _home.StartAsync();
        await _home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task("quick"), 2 * Ahead)]));
        await Eventually.BecomesAsync("the short ones are completed", async () => (await CountAsync()).Completed == 2 * Ahead);
        return worker;
    }

    private async Task<Guid[]> AddSlowAsync(int count) =>
        [.. (await _home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task("slow") with { Timeout = TimeSpan.Zero }, count)]))).Jobs.Select(j => j.Id)];

    private Task RunningAsync(int count) =>
        Eventually.BecomesAsync($"{count} are leased and {Slots} of them run", async () => (await CountAsync()).Running == count && Volatile.Read(ref _running) == Slots);

    private ValueTask<JobCounts> CountAsync() => _home.Broker.CountAsync(JobFilter.All);
}
