using System.Diagnostics;
using Drover.Hosting;
using Drover.Jobs;
using Drover.Testing;
using Drover.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Drover.Tests.Hosting;

public sealed class HandlerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static InMemoryJobStore Store => new(TimeProvider.System);

    [Fact]
    public async Task A_handler_gets_its_payload_and_services_of_a_scope_of_its_own_and_its_log_lines_are_the_jobs()
    {
        await using var program = await Program.StartAsync(
            drover => drover.UseStore(Store).AddHandler<SendEmail, EmailHandler>(Payloads.Default.SendEmail),
            services => services.AddLogging().AddSingleton<Outbox>().AddScoped<Visit>());

        var first = await program.Client.EnqueueAsync(new SendEmail("ada@example.org", "Hello"), new() { Tags = ["welcome"] }, Cancel);
        var second = await program.Client.EnqueueAsync(new SendEmail("bob@example.org", "Hello"), cancel: Cancel);

        var job = await program.BecomesAsync(first.Id, JobStatus.Completed);
        await program.BecomesAsync(second.Id, JobStatus.Completed);
        Assert.Equal("send-email:3", job.Spec.Task!.JobType);
        Assert.Equal(["welcome"], job.Spec.Tags);
        Assert.Equal("7", System.Text.Encoding.UTF8.GetString(job.Outcome!.Result!.Value.Span));
        Assert.Equal("Sending to ada@example.org\nwarning: Slow\n[ 50 %] half", await program.LogOfAsync(first.Id));
        var outbox = program.Services.GetRequiredService<Outbox>();
        Assert.Equal(["ada@example.org", "bob@example.org"], outbox.Sent.Select(sent => sent.To).Order());
        Assert.Equal(2, outbox.Sent.Select(sent => sent.Visit).Distinct().Count());
        Assert.All(outbox.Sent, sent => Assert.True(sent.Visit.Over));
    }

    [Fact]
    public async Task An_older_payload_is_upgraded_and_one_that_is_too_new_waits_untouched()
    {
        var seen = new TaskCompletionSource<SendEmail>();
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store).AddHandler(
            Payloads.Default.SendEmail,
            (job, context, _) =>
            {
                Assert.Equal(1, context.Version);
                seen.SetResult(job);
                return ValueTask.CompletedTask;
            },
            kind => kind.UpgradeFrom(1, Payloads.Default.SendEmailV1, old => new(old.Address, "(none)"))));

        var tooNew = await program.Broker.EnqueueAsync(new(Raw("send-email:4", "{}")), Cancel);
        var unknown = await program.Broker.EnqueueAsync(new(Raw("other", "{}")), Cancel);
        var old = await program.Broker.EnqueueAsync(new(Raw("send-email", """{"Address":"ada@example.org"}""")), Cancel);

        Assert.Equal(new SendEmail("ada@example.org", "(none)"), await seen.Task.InTimeAsync());
        await program.BecomesAsync(old.Jobs[0].Id, JobStatus.Completed);
        foreach (var waiting in await program.Broker.GetAsync([tooNew.Jobs[0].Id, unknown.Jobs[0].Id], Cancel))
            Assert.Equal((JobStatus.Queued, 0), (waiting!.Status, waiting.AttemptsUsed));
    }

    [Fact]
    public async Task A_payload_that_cannot_be_read_fails_at_once_and_says_why()
    {
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store).AddHandler(Payloads.Default.Count, (_, _, _) => ValueTask.CompletedTask));

        var wrong = await program.Broker.EnqueueAsync(new(Raw("count", """{"To":"many"}""") with { MaxAttempts = 5 }), Cancel);

        var job = await program.BecomesAsync(wrong.Jobs[0].Id, JobStatus.Failed);
        Assert.Equal(1, job.AttemptsUsed);
        Assert.Contains("cannot be read as 'count' version 1", job.Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_follow_the_kinds_policy_and_stay_in_the_history()
    {
        var policy = RetryPolicy.Fixed(3, TimeSpan.FromHours(1)).NeverOn<ArgumentException>().On<IOException>(new() { Delay = TimeSpan.Zero });
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store).AddHandler(
            Payloads.Default.Count,
            (_, context, _) => throw (context.Attempt < 3 ? new IOException("away " + context.Attempt) : new ArgumentOutOfRangeException("x", "wrong")),
            kind => kind.Retry = policy with { MaxAttempts = 9 }));

        var sent = await program.Client.EnqueueAsync(new Count(1), cancel: Cancel);

        var job = await program.BecomesAsync(sent.Id, JobStatus.Failed);
        Assert.Equal(3, job.AttemptsUsed);
        Assert.Equal(3, job.Attempts.Count);
        Assert.Contains("System.IO.IOException: away 2", job.Attempts[1].Outcome!.Error, StringComparison.Ordinal);
        Assert.Contains("ArgumentOutOfRangeException", job.Attempts[2].Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snoozing_costs_no_attempt_and_never_retry_is_final()
    {
        int runs = 0;
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store).AddHandler(Payloads.Default.Count, (_, context, _) =>
        {
            if (Interlocked.Increment(ref runs) == 1)
                context.Snooze(TimeSpan.Zero);
            context.NeverRetry("no such customer");
            return ValueTask.CompletedTask;
        }));

        var sent = await program.Client.EnqueueAsync(new Count(1), cancel: Cancel);

        var job = await program.BecomesAsync(sent.Id, JobStatus.Failed);
        Assert.Equal((2, 1), (runs, job.AttemptsUsed));
        Assert.Contains("no such customer", job.Outcome!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_stands_around_the_handler_in_the_order_it_was_named()
    {
        var steps = new List<string>();
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store)
            .Use(async (context, next) =>
            {
                steps.Add("outer " + context.Kind);
                await next();
                steps.Add("outer ends");
            })
            .Use((_, next) =>
            {
                steps.Add("inner");
                return next();
            })
            .AddHandler(Payloads.Default.Count, (job, _, _) =>
            {
                steps.Add("handler " + job.To);
                return ValueTask.CompletedTask;
            }));

        await program.BecomesAsync((await program.Client.EnqueueAsync(new Count(7), cancel: Cancel)).Id, JobStatus.Completed);

        Assert.Equal(["outer count", "inner", "handler 7", "outer ends"], steps);
    }

    [Fact]
    public async Task Cancel_reaches_the_handler()
    {
        var started = new TaskCompletionSource();
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store).AddHandler(Payloads.Default.Count, async (_, _, cancel) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
        }));
        var sent = await program.Client.EnqueueAsync(new Count(1), cancel: Cancel);
        await started.Task.InTimeAsync();

        await program.Broker.CancelAsync([sent.Id], "ada", Cancel);

        await program.BecomesAsync(sent.Id, JobStatus.Canceled);
    }

    [Fact]
    public async Task The_trace_of_the_request_goes_on_in_the_handler()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DroverTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        var trace = new TaskCompletionSource<(ActivityTraceId Trace, string Name)>();
        await using var program = await Program.StartAsync(drover => drover.UseStore(Store).AddHandler(Payloads.Default.Count, (_, _, _) =>
        {
            trace.SetResult((Activity.Current!.TraceId, Activity.Current.OperationName));
            return ValueTask.CompletedTask;
        }));

        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        await program.Client.EnqueueAsync(new Count(1), cancel: Cancel);

        Assert.Equal((request.TraceId, "run count"), await trace.Task.InTimeAsync());
    }

    private static JobSpec Raw(string type, string payload) =>
        new() { Kind = JobKind.Task, Task = new() { JobType = type, Payload = System.Text.Encoding.UTF8.GetBytes(payload) } };

    private sealed class Outbox
    {
        public System.Collections.Concurrent.ConcurrentBag<(string To, Visit Visit)> Sent { get; } = [];
    }

    private sealed class Visit : IDisposable
    {
        public bool Over { get; private set; }

        public void Dispose() => Over = true;
    }

    private sealed class EmailHandler(Outbox outbox, Visit visit, ILogger<EmailHandler> log) : IJobHandler<SendEmail>
    {
        public async ValueTask HandleAsync(SendEmail job, JobContext context, CancellationToken cancel)
        {
#pragma warning disable CA1848, CA1873 // As a developer writes it.
            log.LogInformation("Sending to {To}", job.To);
            await Task.Yield();
            log.LogWarning("Slow");
#pragma warning restore CA1848, CA1873
            context.Progress(0.5, "half");
            Assert.False(visit.Over);
            outbox.Sent.Add((job.To, visit));
            context.SetResult(7, Payloads.Default.Int32);
        }
    }
}
