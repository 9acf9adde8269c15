using System.Text;
using Drover.Hosting;
using Drover.Jobs;
using Drover.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Drover.Tests.Hosting;

/// <summary>Before a deployment: which waiting jobs can the new build not read?</summary>
public sealed class CheckTests : IAsyncDisposable
{
    private readonly InMemoryJobStore _store = new(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IHost Build(Action<DroverBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddDrover(drover => configure(drover.UseStore(_store)));
        return builder.Build();
    }

    private async Task<Guid> WaitingAsync(string type, string payload) =>
        (await _store.EnqueueAsync(new([new() { Kind = JobKind.Task, Task = new() { JobType = type, Payload = Encoding.UTF8.GetBytes(payload) } }]), Cancel)).Jobs[0].Id;

    [Fact]
    public async Task Payloads_are_read_as_the_worker_would_and_none_is_run()
    {
        using var host = Build(drover => drover.AddHandler(Payloads.Default.SendEmail, (_, _, _) => throw new InvalidOperationException("must not run"), kind => kind
            .UpgradeFrom(1, Payloads.Default.SendEmailV1, old => old.Address is { } to ? new SendEmail(to, "") : throw new FormatException("no address"))));
        Assert.Equal(["send-email", "send-email:3"], host.Services.GetDroverJobTypes());
        await WaitingAsync("send-email:3", """{"To": "ada@example.org", "Subject": "Hello"}""");
        await WaitingAsync("send-email", """{"Address": "bob@example.org"}""");
        Assert.True((await host.Services.CheckDroverJobsAsync(Cancel)).IsOk);

        var broken = await WaitingAsync("send-email:3", """{"To": 7}""");
        var refused = await WaitingAsync("send-email", "{}");
        await WaitingAsync("send-email:2", "{}");
        await WaitingAsync("send-post", "{}");
        var report = await host.Services.CheckDroverJobsAsync(Cancel);
        Assert.False(report.IsOk);
        Assert.Equal(
            [("send-email", 2L, 1L), ("send-email:2", 1, 1), ("send-email:3", 2, 1), ("send-post", 1, 1)],
            report.Types.Select(type => (type.JobType, type.Jobs, type.Unreadable)));
        Assert.Equal([refused, broken], [report.Types[0].Examples.Single(), report.Types[2].Examples.Single()]);
        Assert.Equal("no address", report.Types[0].Reason);
    }

    [Fact]
    public async Task The_program_answers_the_verbs_and_nothing_else()
    {
        using var host = Build(drover => drover.AddHandler(Payloads.Default.Count, (_, _, _) => ValueTask.CompletedTask).AddJob(Payloads.Default.Unmade));
        using var output = new StringWriter();
        Assert.Null(await host.RunDroverVerbAsync([], output));
        Assert.Null(await host.RunDroverVerbAsync(["--urls", "x"], output));
        Assert.Equal(0, await host.RunDroverVerbAsync(["drover-kinds"], output));
        Assert.Equal("count", output.ToString().Trim());
        await WaitingAsync("count", """{"To": 1}""");
        Assert.Equal(0, await host.RunDroverVerbAsync(["drover-check"], output));
        var id = await WaitingAsync("count", "[]");
        Assert.Equal(1, await host.RunDroverVerbAsync(["drover-check"], output));
        Assert.Contains($"wrong count: 1 of 2", output.ToString(), StringComparison.Ordinal);
        Assert.Contains(id.ToString(), output.ToString(), StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
