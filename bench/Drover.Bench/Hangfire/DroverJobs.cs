using System.Text.Json.Serialization;
using Drover.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Bench.Hangfire;

/// <summary>Drover in a host, as docs/dotnet.md sets it up.</summary>
internal sealed class DroverJobs : IBackgroundJobs
{
    private readonly IHost _host;
    private readonly Func<ValueTask> _after;
    private IJobClient? _client;

    public DroverJobs(Action<DroverBuilder> store, Func<ValueTask>? after = null)
    {
        _after = after ?? (() => ValueTask.CompletedTask);
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddDrover(drover =>
        {
            store(drover);
            drover.Worker = drover.Worker with { Slots = 50 };
            drover.AddHandler<Noop, NoopHandler>(NoopJson.Default.Noop);
        });
        _host = builder.Build();
    }

    public async ValueTask StartAsync()
    {
        await _host.StartAsync();
        _client = _host.Services.GetRequiredService<IJobClient>();
    }

    public async ValueTask EnqueueAsync(string payload) => await _client!.EnqueueAsync(new Noop(payload));

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _after();
    }
}

[JobKind("noop")]
internal sealed record Noop(string Payload);

internal sealed class NoopHandler : IJobHandler<Noop>
{
    public ValueTask HandleAsync(Noop job, JobContext context, CancellationToken cancel)
    {
        Counted.Run(job.Payload);
        return ValueTask.CompletedTask;
    }
}

[JsonSerializable(typeof(Noop))]
internal sealed partial class NoopJson : JsonSerializerContext;
