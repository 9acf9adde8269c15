using System.Collections.Concurrent;
using Drover.Hosting;
using Drover.Jobs;
using Drover.Testing;

namespace Drover.Tests.Hosting;

/// <summary>Chains and batches of typed jobs.</summary>
public sealed class GroupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chain_of_typed_jobs_runs_in_order()
    {
        var (ran, program) = await StartAsync();
        await using var stops = program;
        var chain = new JobChain().Then(new Count(1)).Then(new Unmade("two")).Then(new Count(3), new() { Delay = TimeSpan.FromMilliseconds(10) });
        var jobs = await program.Client.EnqueueChainAsync(chain, Cancel);
        await program.BecomesAsync(jobs[2].Id, JobStatus.Completed);
        Assert.Equal(["1", "two", "3"], ran);
    }

    [Fact]
    public async Task What_follows_a_batch_runs_when_all_its_jobs_have()
    {
        var (ran, program) = await StartAsync();
        await using var stops = program;
        var batch = await program.Client.EnqueueBatchAsync(new JobBatch().AddRange([new Count(1), new Count(2)]).Add(new Count(3)).Finally(new Unmade("done")), Cancel);
        await program.BecomesAsync(batch.Completion!.Value, JobStatus.Completed);
        Assert.Equal(4, ran.Count);
        Assert.Equal("done", ran.Last());
        Assert.Equal(3, (await program.Client.CountBatchAsync(batch.Id, Cancel)).Completed);
        Assert.Equal(3, batch.Jobs.Count);
    }

    [Fact]
    public async Task A_job_waits_for_one_that_was_enqueued_before()
    {
        var (ran, program) = await StartAsync();
        await using var stops = program;
        var first = await program.Client.EnqueueAsync(new Count(1), new() { Delay = TimeSpan.FromMilliseconds(50) }, Cancel);
        var second = await program.Client.EnqueueAsync(new Count(2), new() { After = new(first.Id) }, Cancel);
        await program.BecomesAsync(second.Id, JobStatus.Completed);
        Assert.Equal(["1", "2"], ran);
    }

    [Fact]
    public async Task An_unknown_kind_in_a_batch_and_an_empty_batch_are_refused()
    {
        var (_, program) = await StartAsync();
        await using var stops = program;
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await program.Client.EnqueueBatchAsync(new JobBatch().Add("text"), Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await program.Client.EnqueueBatchAsync(new JobBatch(), Cancel));
        Assert.Empty(await program.Client.EnqueueChainAsync(new JobChain(), Cancel));
        Assert.Equal(0, (await program.Broker.CountAsync(JobFilter.All, Cancel)).Total);
    }

    [Fact]
    public async Task Limits_that_the_program_declares_hold()
    {
        var (running, most) = (0, 0);
        await using var program = await Program.StartAsync(drover =>
        {
            drover.Limits["key:api"] = new(MaxRunning: 2);
            drover.Worker = drover.Worker with { Slots = 8 };
            drover.UseStore(new InMemoryJobStore(TimeProvider.System)).AddHandler(Payloads.Default.Count, async (_, _, cancel) =>
            {
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel);
                Interlocked.Decrement(ref running);
            });
        });
        var batch = await program.Client.EnqueueBatchAsync(new JobBatch().AddRange(Enumerable.Range(0, 10).Select(n => new Count(n)), new() { LimitKey = "api" }), Cancel);
        await Support.Eventually.BecomesAsync("all are done", async () => (await program.Client.CountBatchAsync(batch.Id, Cancel)).Completed == 10);
        Assert.InRange(most, 1, 2);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen && Interlocked.CompareExchange(ref most, value, seen) is var now && now != seen)
            seen = now;
    }

    private static async Task<(ConcurrentQueue<string> Ran, Program Program)> StartAsync()
    {
        var ran = new ConcurrentQueue<string>();
        var program = await Program.StartAsync(drover => drover.UseStore(new InMemoryJobStore(TimeProvider.System))
            .AddHandler(Payloads.Default.Count, (job, _, _) =>
            {
                ran.Enqueue(job.To.ToString(System.Globalization.CultureInfo.InvariantCulture));
                return ValueTask.CompletedTask;
            })
            .AddHandler(Payloads.Default.Unmade, (job, _, _) =>
            {
                ran.Enqueue(job.Text);
                return ValueTask.CompletedTask;
            }));
        return (ran, program);
    }
}
