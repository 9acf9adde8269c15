using System.Net;
using Drover.Brokers;
using Drover.Catalog;
using Drover.Hosting;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Schedules;
using Drover.Storage;
using Drover.Testing;
using Drover.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Drover.Tests.Hosting;

/// <summary>Schedules that a program names at its start, and what it does with them while it runs.</summary>
public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IScheduleClient SchedulesOf(Program program) => program.Services.GetRequiredService<IScheduleClient>();

    private static Task<Program> StartKitAsync(Action<DroverBuilder> configure) => Program.StartAsync(
        drover => configure(drover.UseSqlite("/nowhere/that/can/be/made").AddHandler(Payloads.Default.Count, static (_, _, _) => ValueTask.CompletedTask)),
        afterwards: services => services.AddDroverTestKit(Start));

    [Fact]
    public async Task In_a_test_schedules_fire_as_the_clock_moves()
    {
        await using var program = await StartKitAsync(drover => drover.AddSchedule(
            "nightly", "0 3 * * *", new Count(3), new() { TimeZone = "Europe/Berlin", Job = new() { Queue = "night", Tags = ["clean"] } }));
        var kit = program.Services.GetRequiredService<DroverTestKit>();

        Assert.Equal(0, await kit.RunAllDueJobsAsync(Cancel));
        Assert.Equal(0, await kit.AdvanceAsync(TimeSpan.FromMinutes(119), Cancel));
        Assert.Equal(1, await kit.AdvanceAsync(TimeSpan.FromMinutes(1), Cancel));
        Assert.Equal(2, await kit.AdvanceAsync(TimeSpan.FromDays(2), Cancel));

        var jobs = await kit.AssertEnqueuedAsync<Count>(job => job.To == 3, queue: "night", times: 3, cancel: Cancel);
        Assert.All(jobs, job => Assert.Equal((JobStatus.Completed, 2, 0), (job.Status, job.Job.CreatedAt.Hour, job.Job.CreatedAt.Minute)));
        Assert.Equal(["clean", "schedule:nightly"], jobs[0].Job.Spec.Tags);
    }

    [Fact]
    public async Task What_is_declared_at_each_start_keeps_its_state_and_a_pause()
    {
        string folder = Directory.CreateTempSubdirectory("drover-schedules-").FullName;
        Task<Program> AgainAsync(string cron) =>
            Program.StartAsync(drover => drover.UseSqlite(folder).AddJob(Payloads.Default.Count).AddSchedule("yearly", cron, new Count(1)));
        try
        {
            Schedule first;
            await using (var program = await AgainAsync("0 3 1 1 *"))
            {
                await SchedulesOf(program).RunNowAsync("yearly", Cancel);
                first = (await SchedulesOf(program).FindAsync("yearly", Cancel))!;
                Assert.NotNull(first.LastJobId);
                Assert.NotNull(first.CreatedBy);
            }

            await using (var program = await AgainAsync("0 3 1 1 *"))
            {
                Assert.Equal(first.Version, (await SchedulesOf(program).FindAsync("yearly", Cancel))!.Version);
                Assert.True((await SchedulesOf(program).PauseAsync("yearly", Cancel))!.Paused);
            }

            await using (var program = await AgainAsync("0 4 1 1 *"))
            {
                var changed = Assert.Single(await SchedulesOf(program).ListAsync(Cancel));
                Assert.Equal((first.Id, "0 4 1 1 *", true, first.LastJobId, (DateTimeOffset?)null), (changed.Id, changed.Cron, changed.Paused, changed.LastJobId, changed.NextAt));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Of_two_programs_on_one_store_each_firing_enqueues_one_job()
    {
        var clock = new FakeTimeProvider(Start);
        var store = new InMemoryJobStore(clock);
        var catalog = new InMemoryCatalog(clock);
        Task<Program> OneAsync() => Program.StartAsync(
            drover => drover.UseStore(store).AddJob(Payloads.Default.Count).AddSchedule("hourly", "0 * * * *", new Count(1), new() { Overlap = OverlapPolicy.Allow }),
            services => services.AddSingleton<TimeProvider>(clock).AddSingleton<ICatalog>(catalog));
        await using var one = await OneAsync();
        await using var other = await OneAsync();
        var schedule = Assert.Single(await SchedulesOf(other).ListAsync(Cancel));
        for (int hour = 1; hour <= 5; hour++)
        {
            await Eventually.BecomesAsync($"the firing of hour {hour} is done", async () =>
                (schedule = (await SchedulesOf(one).FindAsync("hourly", Cancel))!).LastAt == Start.AddHours(hour), () => clock.Advance(TimeSpan.FromMinutes(1)));
        }

        Assert.Equal(5, (await one.Broker.ListAsync(new(new() { Tag = "schedule:hourly" }), Cancel)).Items.Count);
        Assert.Equal(0, schedule.Skipped);
    }

    [Fact]
    public async Task A_program_changes_pauses_runs_and_removes_schedules()
    {
        await using var program = await StartKitAsync(_ => { });
        var kit = program.Services.GetRequiredService<DroverTestKit>();
        var schedules = SchedulesOf(program);

        var made = await schedules.SetAsync("report", "0 12 * * *", new Count(1), new() { Job = new() { Priority = 2 } }, Cancel);
        Assert.Equal(Start.AddHours(12), made.NextAt);
        Assert.Equal(1, await kit.AdvanceAsync(TimeSpan.FromDays(1), Cancel));
        var changed = await schedules.SetAsync("REPORT", "30 6 * * *", new Count(2), cancel: Cancel);
        Assert.Equal((made.Id, Start.AddDays(1).AddHours(6.5)), (changed.Id, changed.NextAt));

        Assert.Null((await schedules.PauseAsync("report", Cancel))!.NextAt);
        Assert.Equal(0, await kit.AdvanceAsync(TimeSpan.FromDays(3), Cancel));
        Assert.NotNull(await schedules.RunNowAsync("report", Cancel));
        Assert.Equal(1, await kit.RunAllDueJobsAsync(Cancel));
        Assert.Equal(Start.AddDays(4).AddHours(6.5), (await schedules.ResumeAsync("report", Cancel))!.NextAt);
        Assert.Equal(1, await kit.AdvanceAsync(TimeSpan.FromDays(1), Cancel));
        await kit.AssertEnqueuedAsync<Count>(job => job.To == 2, times: 2, cancel: Cancel);

        Assert.Equal([Start.AddDays(6), Start.AddDays(7)], schedules.Preview("0 0 * * *", count: 2));
        Assert.True(await schedules.RemoveAsync("report", Cancel));
        Assert.False(await schedules.RemoveAsync("report", Cancel));
        Assert.Null(await schedules.PauseAsync("report", Cancel));
        Assert.Null(await schedules.RunNowAsync("report", Cancel));
        Assert.Equal(0, await kit.AdvanceAsync(TimeSpan.FromDays(2), Cancel));
        Assert.Contains("time zone 'Mars'", Assert.Throws<ArgumentException>(() => schedules.Preview("* * * * *", "Mars")).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await schedules.SetAsync("other", "@daily", new Unmade("x"), cancel: Cancel));
        await Assert.ThrowsAsync<JobValidationException>(async () => await schedules.SetAsync("other", "daily", new Count(1), cancel: Cancel));
    }

    [Fact]
    public void All_that_is_wrong_with_schedules_is_told_before_the_program_starts()
    {
        string told = Assert.Throws<ArgumentException>(() => new ServiceCollection().AddDrover(drover => drover
            .UseSqlite("x")
            .AddSchedule("early", "0 3 * *", new Count(1))
            .AddSchedule("away", "@daily", new Count(1), new() { TimeZone = "Mars/Olympus" })
            .AddSchedule("never", "0 0 30 2 *", new Count(1))
            .AddSchedule("late", "@daily", new Count(1), new() { Job = new() { Delay = TimeSpan.FromHours(1) } })
            .AddSchedule("unknown", "@daily", new Unmade("a"))
            .AddSchedule("good", "@daily", new Count(1))
            .AddSchedule("Good", "@hourly", new Count(1))
            .AddJob(Payloads.Default.Count))).Message;
        foreach (string part in new[]
        {
            "'early': cron: Is not a cron expression", "'away': timezone: There is no time zone 'Mars/Olympus'", "'never': cron: Will never come",
            "'late': job.run_at: The schedule says when", "'unknown': Unmade is no known kind of job", "'Good': Is there twice",
        })
            Assert.Contains(part, told, StringComparison.Ordinal);
        Assert.DoesNotContain("'good'", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_away_at_the_start_learns_of_them_when_it_is_back()
    {
        var clock = new FakeTimeProvider(Start);
        var catalog = new AwayCatalog(new InMemoryCatalog(clock)) { Away = true };
        await using var program = await Program.StartAsync(
            drover => drover.UseStore(new InMemoryJobStore(clock)).AddJob(Payloads.Default.Count).AddSchedule("nightly", "0 3 * * *", new Count(1)),
            services => services.AddSingleton<TimeProvider>(clock).AddSingleton<ICatalog>(catalog));
        Assert.NotEqual(0, catalog.Refused);

        catalog.Away = false;
        await Eventually.BecomesAsync("the schedule is there", async () => await SchedulesOf(program).FindAsync("nightly", Cancel) is not null, () => clock.Advance(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task In_a_cluster_the_queue_server_fires_what_a_program_declares_and_wants_an_admin_for_it()
    {
        var catalog = new InMemoryCatalog(TimeProvider.System);
        await using var broker = new Broker(new InMemoryJobStore(TimeProvider.System), null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await broker.StartAsync(Cancel);
        var options = new NetQueueServerOptions
        {
            Listen = new(IPAddress.Loopback, 0),
            Tokens = [NetQueueToken.Of("admin", NetQueueRoles.Admin, "the-admins-token-of-some-length"), NetQueueToken.Of("worker", NetQueueRoles.Worker, "a-workers-token-of-some-length")],
            AllowPlain = true,
        };
        await using var server = new NetQueueServer(broker, options, TimeProvider.System, NullLoggerFactory.Instance, new(catalog, catalog));
        await server.StartAsync(Cancel);
        using var scheduler = new Scheduler(new(catalog, TimeProvider.System), broker, TimeProvider.System, NullLoggerFactory.Instance);
        await scheduler.StartAsync(Cancel);
        var ran = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<Program> JoinAsync(string token) => Program.StartAsync(drover => drover
            .UseNetQueue($"netqueue://127.0.0.1:{server.Endpoint.Port}", token)
            .AddSchedule("often", "* * * * * *", new Count(1))
            .AddHandler(Payloads.Default.Count, (_, context, _) =>
            {
                ran.TrySetResult(context.Tags.Single());
                return ValueTask.CompletedTask;
            }));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => JoinAsync("a-workers-token-of-some-length"));
        Assert.Contains("Give UseNetQueue an admin's token", refused.Message, StringComparison.Ordinal);

        await using (var program = await JoinAsync("the-admins-token-of-some-length"))
        {
            Assert.Equal("schedule:often", await ran.Task.InTimeAsync());
            Assert.True(await SchedulesOf(program).RemoveAsync("often", Cancel));
        }

        await scheduler.StopAsync(Cancel);
        await server.StopAsync(Cancel);
        await broker.StopAsync(Cancel);
    }

    [Fact]
    public async Task The_dashboards_API_shows_them_and_what_is_added_there_fires()
    {
        await using var site = await Site.StartAsync(
            (app, how) => app.MapDrover("/drover", how).AllowAnonymous(), schedules: drover => drover.AddSchedule("nightly", "0 3 * * *", new Count(4)));
        string shown = await (await site.GetAsync("/drover/api/v1/schedules")).Content.ReadAsStringAsync(Cancel);
        Assert.Contains("\"name\":\"nightly\"", shown, StringComparison.Ordinal);
        Assert.Contains("\"payload\":{\"To\":4}", shown, StringComparison.Ordinal);

        using var made = await site.SendAsync(HttpMethod.Post, "/drover/api/v1/schedules", null,
            """{"name": "often", "cron": "* * * * * *", "job": {"job_type": "count", "payload": {"To": 5}}}""", ("X-CSRF-Token", "drover"));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        await Eventually.BecomesAsync("a job of it has completed", async () =>
            (await (await site.GetAsync("/drover/api/v1/jobs?tag=schedule:often&status=completed")).Content.ReadAsStringAsync(Cancel)).Contains("\"schedule:often\"", StringComparison.Ordinal));
    }

    private sealed class AwayCatalog(ICatalog inner) : ICatalog
    {
        private int _refused;

        public volatile bool Away;

        public int Refused => _refused;

        public ValueTask<CatalogDocument?> GetAsync(string kind, string id, CancellationToken cancel = default) => There().GetAsync(kind, id, cancel);

        public ValueTask<CatalogDocument?> FindAsync(string kind, string name, CancellationToken cancel = default) => There().FindAsync(kind, name, cancel);

        public ValueTask<IReadOnlyList<CatalogDocument>> ListAsync(string kind, CancellationToken cancel = default) => There().ListAsync(kind, cancel);

        public ValueTask<CatalogDocument> CreateAsync(CatalogDocument document, CancellationToken cancel = default) => There().CreateAsync(document, cancel);

        public ValueTask<CatalogDocument> UpdateAsync(CatalogDocument document, CancellationToken cancel = default) => There().UpdateAsync(document, cancel);

        public ValueTask<bool> DeleteAsync(string kind, string id, long version, CancellationToken cancel = default) => There().DeleteAsync(kind, id, version, cancel);

        private ICatalog There()
        {
            if (!Away)
                return inner;
            Interlocked.Increment(ref _refused);
            throw new StoreUnavailableException("It is away.");
        }
    }
}
