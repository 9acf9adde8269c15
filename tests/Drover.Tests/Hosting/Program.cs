using System.Text;
using System.Text.Json.Serialization;
using Drover.Brokers;
using Drover.Hosting;
using Drover.Jobs;
using Drover.Output;
using Drover.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Drover.Tests.Hosting;

[JobKind("send-email", Version = 3)]
internal sealed record SendEmail(string To, string Subject);

internal sealed record SendEmailV1(string Address);

[JobKind("count")]
internal sealed record Count(int To);

[JobKind("unmade/thing")]
internal sealed record Unmade(string Text);

internal sealed record Unmarked(string Text);

[JobKind("bad name")]
internal sealed record BadlyNamed(string Text);

[JsonSerializable(typeof(SendEmail))]
[JsonSerializable(typeof(SendEmailV1))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(Count))]
[JsonSerializable(typeof(Unmade))]
[JsonSerializable(typeof(Unmarked))]
[JsonSerializable(typeof(BadlyNamed))]
internal sealed partial class Payloads : JsonSerializerContext;

/// <summary>A developer's program: a generic host with Drover in it.</summary>
internal sealed class Program : IAsyncDisposable
{
    private readonly IHost _host;

    private Program(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IJobClient Client => Services.GetRequiredService<IJobClient>();

    public IBroker Broker => Services.GetRequiredService<IBroker>();

    public static async Task<Program> StartAsync(Action<DroverBuilder> configure, Action<IServiceCollection>? services = null, Action<IServiceCollection>? afterwards = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        services?.Invoke(builder.Services);
        builder.Services.AddDrover(configure);
        afterwards?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new(host);
    }

    public async Task<Job> BecomesAsync(Guid id, JobStatus status)
    {
        Job? job = null;
        await Eventually.BecomesAsync($"the job is {status}", async () => (job = (await Broker.GetAsync([id]))[0])?.Status == status);
        return job!;
    }

    public async Task<string> LogOfAsync(Guid id, int attempt = 1)
    {
        var page = await Broker.ReadOutputAsync(new OutputQuery(id, Attempt: attempt));
        return string.Concat(page!.Entries.Select(entry => Encoding.UTF8.GetString(entry.Bytes.Span)));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
