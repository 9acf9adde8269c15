using System.Net;
using Drover.Brokers;
using Drover.Hosting;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Testing;
using Drover.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Tests.Hosting;

public sealed class AddDroverTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_in_SQLite_outlive_the_program()
    {
        string folder = Directory.CreateTempSubdirectory("drover-hosting-").FullName;
        try
        {
            Guid id;
            await using (var producer = await Program.StartAsync(drover => drover.UseSqlite(folder).AddJob(Payloads.Default.Count)))
                id = (await producer.Client.EnqueueAsync(new Count(3), cancel: Cancel)).Id;

            var seen = new TaskCompletionSource<int>();
            await using var program = await Program.StartAsync(drover => drover.UseSqlite(folder).AddHandler(Payloads.Default.Count, (job, _, _) =>
            {
                seen.SetResult(job.To);
                return ValueTask.CompletedTask;
            }));
            Assert.Equal(3, await seen.Task.InTimeAsync());
            await program.BecomesAsync(id, JobStatus.Completed);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Handlers_serve_a_cluster_over_NetQueue_and_the_trace_comes_along()
    {
        await using var broker = new Broker(new InMemoryJobStore(TimeProvider.System), null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await broker.StartAsync(Cancel);
        var options = new NetQueueServerOptions
        {
            Listen = new(IPAddress.Loopback, 0),
            Tokens = [NetQueueToken.Of("worker", NetQueueRoles.Admin, "a-token-of-some-length")],
            AllowPlain = true,
        };
        await using var server = new NetQueueServer(broker, options, TimeProvider.System, NullLoggerFactory.Instance);
        await server.StartAsync(Cancel);
        await using (var program = await Program.StartAsync(drover => drover
            .UseNetQueue($"netqueue://127.0.0.1:{server.Endpoint.Port}", "a-token-of-some-length")
            .AddHandler(Payloads.Default.Count, (_, context, _) =>
            {
                context.Log("here");
                return ValueTask.CompletedTask;
            })))
        {
            using var request = new System.Diagnostics.Activity("request").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
            var sent = await program.Client.EnqueueManyAsync([new Count(1), new Count(2)], cancel: Cancel);
            await program.BecomesAsync(sent[0].Id, JobStatus.Completed);
            await program.BecomesAsync(sent[1].Id, JobStatus.Completed);
            var job = (await broker.GetAsync([sent[0].Id], Cancel))[0]!;
            Assert.Contains(request.TraceId.ToString(), job.Spec.Task!.TraceParent, StringComparison.Ordinal);
        }

        await server.StopAsync(Cancel);
        await broker.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_unique_key_and_a_kinds_defaults_hold_and_many_are_enqueued_at_once()
    {
        await using var program = await Program.StartAsync(drover => drover.UseStore(new InMemoryJobStore(TimeProvider.System))
            .AddJob(Payloads.Default.Unmade, kind => (kind.Queue, kind.Timeout, kind.Retry) = ("slow", TimeSpan.FromHours(2), RetryPolicy.None)));

        var many = await program.Client.EnqueueManyAsync([new Unmade("a"), new Unmade("b")], new() { UniqueKey = "only" }, Cancel);

        Assert.Equal([false, true], many.Select(each => each.Duplicate));
        var spec = (await program.Broker.GetAsync([many[0].Id], Cancel))[0]!.Spec;
        Assert.Equal(("slow", TimeSpan.FromHours(2), 1), (spec.Queue, spec.Timeout, spec.MaxAttempts));
    }

    [Fact]
    public async Task What_cannot_work_is_told_when_the_program_starts()
    {
        Assert.Contains("UseSqlite", Refused<InvalidOperationException>(_ => { }), StringComparison.Ordinal);
        Assert.Contains("one place", Refused<InvalidOperationException>(d => d.UseSqlite("x").UseSqlite("y")), StringComparison.Ordinal);
        Assert.Contains("[JobKind(", Refused<ArgumentException>(d => d.AddJob(Payloads.Default.Unmarked)), StringComparison.Ordinal);
        Assert.Contains("'bad name'", Refused<ArgumentException>(d => d.AddJob(Payloads.Default.BadlyNamed)), StringComparison.Ordinal);
        Assert.Contains("'count' is named twice", Refused<ArgumentException>(d => d.AddJob(Payloads.Default.Count).AddJob(Payloads.Default.Count)), StringComparison.Ordinal);
        Assert.Contains("no upgrader from version 3", Refused<ArgumentException>(d => d.AddJob(
            Payloads.Default.SendEmail, kind => kind.UpgradeFrom(3, Payloads.Default.SendEmailV1, old => new(old.Address, "")))), StringComparison.Ordinal);

        await using var program = await Program.StartAsync(drover => drover.UseStore(new InMemoryJobStore(TimeProvider.System)));
        var unknown = await Assert.ThrowsAsync<InvalidOperationException>(async () => await program.Client.EnqueueAsync(new Count(1), cancel: Cancel));
        Assert.Contains("no known kind", unknown.Message, StringComparison.Ordinal);
    }

    private static string Refused<TException>(Action<DroverBuilder> configure) where TException : Exception =>
        Assert.ThrowsAny<TException>(() => new ServiceCollection().AddDrover(configure)).Message;
}
