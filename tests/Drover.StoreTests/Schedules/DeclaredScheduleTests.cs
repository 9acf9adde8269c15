using Drover.Brokers;
using Drover.Hosting;
using Drover.Postgres;
using Drover.Schedules;
using Drover.StoreTests.Docs;
using Drover.StoreTests.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Drover.StoreTests.Schedules;

/// <summary>Programs that declare the same schedule on the same PostgreSQL.</summary>
public sealed class DeclaredScheduleTests(PostgresServer server)
{
    [Fact]
    public async Task However_many_programs_declare_a_schedule_each_firing_enqueues_one_job()
    {
        string schema = server.NewSchema();
        var hosts = new List<IHost>();
        try
        {
            for (int n = 0; n < 3; n++)
                hosts.Add(await StartAsync(schema));
            var schedules = hosts[0].Services.GetRequiredService<IScheduleClient>();
            var broker = hosts[0].Services.GetRequiredService<IBroker>();
            long began = TimeProvider.System.GetTimestamp();
            while (await CountAsync() < 4)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "It does not fire.");
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }

            Assert.True((await schedules.PauseAsync("often"))!.Paused);
            Assert.Equal("often", Assert.Single(await hosts[2].Services.GetRequiredService<IScheduleClient>().ListAsync()).Name);
            // What a firing is put off by is its own on every node: two jobs of one firing would have the same time.
            var jobs = (await broker.ListAsync(new(new() { Tag = "schedule:often" }, Limit: 500))).Items;
            Assert.Equal(jobs.Count, jobs.Select(job => job.RunAt).Distinct().Count());

            async Task<int> CountAsync() => (await broker.ListAsync(new(new() { Tag = "schedule:often" }))).Items.Count;
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.StopAsync();
                await ((IAsyncDisposable)host).DisposeAsync();
            }

            await server.RunAsync($"DROP SCHEMA IF EXISTS {schema} CASCADE");
        }
    }

    private async Task<IHost> StartAsync(string schema)
    {
        var options = new PostgresOptions { Url = await server.UrlAsync(), Schema = schema };
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDrover(drover => drover
            .UsePostgres(options)
            .AddJob(AppJson.Default.ConfirmOrder)
            .AddSchedule("often", "* * * * * *", new ConfirmOrder(1), new() { Overlap = OverlapPolicy.Allow, Jitter = TimeSpan.FromDays(1) }));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
