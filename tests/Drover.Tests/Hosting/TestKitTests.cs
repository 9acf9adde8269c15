using Drover.Hosting;
using Drover.Jobs;
using Drover.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Drover.Tests.Hosting;

/// <summary>The kit by which users test their own programs.</summary>
public sealed class TestKitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<Program> StartAsync(Action<DroverBuilder> configure) =>
        Program.StartAsync(drover => configure(drover.UseSqlite("/nowhere/that/can/be/made")), afterwards: services => services.AddDroverTestKit());

    private static DroverTestKit KitOf(Program program) => program.Services.GetRequiredService<DroverTestKit>();

    [Fact]
    public async Task Jobs_run_only_when_the_test_says_so_and_so_do_those_that_they_enqueue()
    {
        var ran = new List<int>();
        await using var program = await StartAsync(drover => drover.AddHandler(Payloads.Default.Count, async (job, context, cancel) =>
        {
            lock (ran)
                ran.Add(job.To);
            if (job.To > 0)
                await context.Services.GetRequiredService<IJobClient>().EnqueueAsync(new Count(job.To - 1), cancel: cancel);
        }));
        var kit = KitOf(program);
        await program.Client.EnqueueAsync(new Count(2), cancel: Cancel);
        Assert.Empty(ran);
        Assert.Equal(3, await kit.RunAllDueJobsAsync(Cancel));
        Assert.Equal([2, 1, 0], ran);
        Assert.Equal(0, await kit.RunAllDueJobsAsync(Cancel));
        Assert.All(await kit.EnqueuedAsync<Count>(Cancel), job => Assert.Equal(JobStatus.Completed, job.Status));
    }

    [Fact]
    public async Task The_clock_brings_delays_and_retries_each_at_its_time()
    {
        var at = new List<DateTimeOffset>();
        DroverTestKit kit = null!;
        await using var program = await StartAsync(drover => drover.AddHandler(Payloads.Default.Count, (job, context, _) =>
        {
            at.Add(kit.Clock.GetUtcNow());
            return context.Attempt < 3 ? throw new InvalidOperationException("not yet") : ValueTask.CompletedTask;
        }, kind => kind.Retry = RetryPolicy.Fixed(3, TimeSpan.FromMinutes(10)) with
        {
            // The policy's own waits are spread by chance.
            Wait = (_, _) => TimeSpan.FromMinutes(10),
        }));
        kit = KitOf(program);
        var start = kit.Clock.GetUtcNow();
        await program.Client.EnqueueAsync(new Count(1), new() { Delay = TimeSpan.FromDays(3) }, Cancel);
        Assert.Equal(0, await kit.RunAllDueJobsAsync(Cancel));
        Assert.Equal(3, await kit.AdvanceAsync(TimeSpan.FromDays(400), Cancel));
        Assert.Equal([start.AddDays(3), start.AddDays(3).AddMinutes(10), start.AddDays(3).AddMinutes(20)], at.Select(t => new DateTimeOffset(t.Ticks - t.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero)));
        Assert.Equal(start.AddDays(400), kit.Clock.GetUtcNow());
        var job = Assert.Single(await kit.AssertEnqueuedAsync<Count>(delay: TimeSpan.FromDays(3), times: 1, cancel: Cancel));
        Assert.Equal((JobStatus.Completed, 3), (job.Status, job.Job.Attempts.Count));
    }

    [Fact]
    public async Task What_was_enqueued_is_asserted_by_kind_payload_queue_and_delay()
    {
        await using var program = await StartAsync(drover => drover.AddJob(Payloads.Default.SendEmail).AddJob(Payloads.Default.Count));
        var kit = KitOf(program);
        await program.Client.EnqueueAsync(new SendEmail("ada@example.org", "Hello"), new() { Queue = "mail", Delay = TimeSpan.FromHours(1) }, Cancel);
        await program.Client.EnqueueAsync(new SendEmail("bob@example.org", "Hello"), cancel: Cancel);

        await kit.AssertEnqueuedAsync<SendEmail>(times: 2, cancel: Cancel);
        await kit.AssertEnqueuedAsync<SendEmail>(mail => mail.To == "ada@example.org", queue: "mail", delay: TimeSpan.FromHours(1), times: 1, cancel: Cancel);
        await kit.AssertNotEnqueuedAsync<SendEmail>(mail => mail.To == "eve@example.org", Cancel);
        await kit.AssertNotEnqueuedAsync<Count>(cancel: Cancel);

        var wrong = await Assert.ThrowsAsync<DroverAssertException>(() => kit.AssertEnqueuedAsync<SendEmail>(mail => mail.To == "ada@example.org", queue: "default", cancel: Cancel));
        Assert.Contains("in the queue 'default'", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("To = bob@example.org", wrong.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DroverAssertException>(() => kit.AssertNotEnqueuedAsync<SendEmail>(cancel: Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => kit.EnqueuedAsync<Unmade>(Cancel));
        Assert.Equal(0, await kit.RunAllDueJobsAsync(Cancel));
    }

    [Fact]
    public async Task A_failing_handler_shows_its_exception_and_its_log()
    {
        await using var program = await StartAsync(drover => drover.AddHandler(Payloads.Default.Count, (_, context, _) =>
        {
            context.Log("about to fail");
            throw new InvalidOperationException("as the test wanted");
        }, kind => kind.Retry = RetryPolicy.None));
        var kit = KitOf(program);
        var id = (await program.Client.EnqueueAsync(new Count(1), cancel: Cancel)).Id;
        Assert.Equal(1, await kit.RunAllDueJobsAsync(Cancel));
        var job = Assert.Single(await kit.EnqueuedAsync<Count>(Cancel));
        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Contains("as the test wanted", job.Job.Outcome!.Error, StringComparison.Ordinal);
        Assert.Contains("about to fail", await kit.LogOfAsync(id, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_program_is_tested_through_its_endpoints()
    {
        await using var site = await Site.StartAsync((_, _) => { }, services: services => services.AddDroverTestKit(new DateTimeOffset(2031, 5, 1, 0, 0, 0, TimeSpan.Zero)));
        var kit = site.Services.GetRequiredService<DroverTestKit>();
        await site.Services.GetRequiredService<IJobClient>().EnqueueAsync(new Count(21), cancel: Cancel);
        Assert.Equal(1, await kit.RunAllDueJobsAsync(Cancel));
        var job = Assert.Single(await kit.EnqueuedAsync<Count>(Cancel));
        Assert.Equal("42"u8.ToArray(), job.Job.Outcome!.Result!.Value.ToArray());
        Assert.Equal(2031, job.Job.CreatedAt.Year);
    }

    [Fact]
    public void The_kit_without_AddDrover_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddDroverTestKit());
}
