#pragma warning disable CA1848, CA1873 // The page shows logging as a developer writes it.
using System.Text.Json.Serialization;
using Drover.Hosting;
using Drover.Schedules;
using Drover.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Tests.Docs.DotNet;

// The code of docs/dotnet.md, so that it compiles; DocsTests compares.
[JobKind("send-email")]
public sealed record SendEmail(string To, string Subject);

[JsonSerializable(typeof(SendEmail))]
internal sealed partial class AppJson : JsonSerializerContext;

public sealed class SendEmailHandler(IMailer mailer, ILogger<SendEmailHandler> log) : IJobHandler<SendEmail>
{
    public async ValueTask HandleAsync(SendEmail job, JobContext context, CancellationToken cancel)
    {
        log.LogInformation("To {To}", job.To);       // appears in the job's live log, too
        await mailer.SendAsync(job.To, job.Subject, cancel);
    }
}

public interface IMailer
{
    ValueTask SendAsync(string to, string subject, CancellationToken cancel);
}

internal sealed record Cleanup(int KeepDays);

internal sealed record Report;

internal sealed record Fetch(string Url);

internal sealed record Convert(string Url);

internal sealed record Publish(string Url);

internal sealed record TellEditor(int Issue);

internal sealed record ConfirmOrder(int Order, string Email);

internal static class Page
{
    public static void Set(WebApplicationBuilder builder)
    {
        builder.Services.AddDrover(drover => drover
            .UseSqlite("data")
            .AddHandler<SendEmail, SendEmailHandler>(AppJson.Default.SendEmail));
    }

    public static async Task EnqueueAsync(IJobClient jobs, IReadOnlyList<SendEmail> letters)
    {
        await jobs.EnqueueAsync(new SendEmail("ada@example.org", "Welcome"));
        await jobs.EnqueueAsync(new SendEmail("ada@example.org", "How was it?"), new() { Delay = TimeSpan.FromDays(3), UniqueKey = "ask-ada" });
        await jobs.EnqueueManyAsync(letters, new() { Queue = "bulk", Priority = 9 });
    }

    public static void Declare(DroverBuilder drover)
    {
        drover.AddSchedule("nightly-cleanup", "0 3 * * *", new Cleanup(KeepDays: 30), new()
        {
            TimeZone = "Europe/Berlin",
            CatchUp = CatchUpPolicy.One,              // missed because nothing ran: once, at the next start
            Overlap = OverlapPolicy.Skip,             // the last one still runs: not beside it
            Jitter = TimeSpan.FromMinutes(5),
            Job = new() { Queue = "night" },
        });
    }

    public static async Task ScheduleAsync(IScheduleClient schedules, string customer, string zone)
    {
        await schedules.SetAsync($"report-{customer}", "0 8 * * MON", new Report(), new() { TimeZone = zone });   // adds it, or changes it
        await schedules.PauseAsync("nightly-cleanup");
        await schedules.ResumeAsync("nightly-cleanup");
        await schedules.RunNowAsync("nightly-cleanup");
        await schedules.RemoveAsync($"report-{customer}");
        foreach (var schedule in await schedules.ListAsync())
            Console.WriteLine($"{schedule.Name}: next {schedule.NextAt}, last {schedule.LastAt}, {schedule.LastError}");
        var times = schedules.Preview("0 8 * * MON", "Europe/Berlin");                                             // the next ten
        Console.WriteLine(times.Count);
    }

    public static async Task<long> GroupAsync(IJobClient jobs, Storage.EnqueuedJob fetch, IReadOnlyList<SendEmail> letters, string url, int issue)
    {
        await jobs.EnqueueChainAsync(new JobChain().Then(new Fetch(url)).Then(new Convert(url)).Then(new Publish(url), new() { Delay = TimeSpan.FromMinutes(1) }));
        await jobs.EnqueueAsync(new Report(), new() { After = new(fetch.Id) });

        var batch = await jobs.EnqueueBatchAsync(new JobBatch().AddRange(letters).Finally(new TellEditor(issue)));
        long done = (await jobs.CountBatchAsync(batch.Id)).Completed;
        return done;
    }

    public static async Task<int> CheckAsync(WebApplication app, string[] args)
    {
        if (await app.RunDroverVerbAsync(args) is { } code) return code;
        app.MapDrover("/drover").RequireAuthorization("ops");
        return 0;
    }

    public static void Join(DroverBuilder drover, string token)
    {
        drover.UseNetQueue("netqueue://queue.example.org:9000", token);
    }

    public static async Task TestAsync(IServiceCollection services, IHost factory, HttpClient client)
    {
        services.AddDroverTestKit();

        var kit = factory.Services.GetRequiredService<DroverTestKit>();
        await client.PostAsync("/orders/17?email=ada@example.org", null);
        await kit.AssertEnqueuedAsync<ConfirmOrder>(order => order.Email == "ada@example.org", queue: "default", times: 1);
        await kit.RunAllDueJobsAsync();                    // also those that these enqueue
        await kit.AdvanceAsync(TimeSpan.FromDays(3));      // each delayed job, each retry and each schedule at its time
    }
}
