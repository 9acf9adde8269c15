using System.Collections.Immutable;
using System.Net;
using Drover.Brokers;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;
using Drover.Limits;
using Drover.NetQueue;
using Drover.Schedules;
using Drover.Server;
using Drover.Server.Servers;
using Drover.Servers;
using Drover.Shell;
using Drover.Ssh;
using Drover.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>Puts the parts of Drover together: which one gets which.</summary>
internal static class Composition
{
    /// <summary>A process that holds the jobs in its own store.</summary>
    public static Task<IHost> BuildAsync(DroverConfig config, NodeRoles roles, NodeStore store, ILoggerFactory logs, CancellationToken stop) =>
        BuildAsync(config, roles, logs, services =>
        {
            services.AddSingleton(store.Catalog);
            services.AddSingleton(store.Audit);
            services.AddSingleton(provider => new Broker(store.Jobs, provider.GetRequiredService<ServerDirectory>(), config.Broker, TimeProvider.System, logs));
            services.AddSingleton<IBroker>(provider => provider.GetRequiredService<Broker>());
            services.AddHostedService(provider => new LimitKeeper(
                provider.GetRequiredService<LimitCatalog>(), ImmutableDictionary<string, JobLimit>.Empty, provider.GetRequiredService<Broker>(), TimeProvider.System, logs));
            services.AddHostedService(provider => new Scheduler(provider.GetRequiredService<ScheduleCatalog>(), provider.GetRequiredService<IBroker>(), TimeProvider.System, logs));
        }, stop);

    /// <summary>A process whose jobs, servers and keys are with a queue server.</summary>
    public static Task<IHost> BuildAsync(DroverConfig config, NodeRoles roles, NetQueueBroker queue, ILoggerFactory logs, CancellationToken stop) =>
        BuildAsync(config, roles, logs, services =>
        {
            services.AddSingleton(queue.Catalog.Catalog);
            services.AddSingleton(queue.Catalog.Audit);
            services.AddSingleton<IBroker>(queue);
        }, stop);

    public static Worker MakeWorker(DroverConfig config, IBroker broker, ILoggerFactory logs)
    {
        // A worker beside another program's on the same host must not take the other one's name.
        var options = (broker is NetQueueBroker || config.JobsAddress.IsShared) && config.Worker.Name is null
            ? config.Worker with { Name = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture) } : config.Worker;
        return new(broker,
        [
            new TaskExecutor(new TaskHandlers().Add(BenchVerb.JobType, static (_, _) => ValueTask.FromResult(TaskResult.Done)), TimeProvider.System),
            new LocalExecutor(new LocalOptions { KeepaliveInterval = config.Ssh.KeepaliveInterval }),
            new SshExecutor(config.Ssh, TimeProvider.System, logs),
        ], options, TimeProvider.System, logs);
    }

    private static async Task<IHost> BuildAsync(DroverConfig config, NodeRoles roles, ILoggerFactory logs, Action<IServiceCollection> addStore, CancellationToken stop)
    {
        var host = roles.HasFlag(NodeRoles.Api) ? BuildApi(config, logs, addStore) : BuildPlain(config, roles, logs, addStore);
        try
        {
            if (roles.HasFlag(NodeRoles.Api) || DroverNode.HoldsStore(config, roles))
                await InitializeAsync(config, host.Services, logs, stop);
            if (host is WebApplication app)
                app.MapDrover();
            return host;
        }
        catch
        {
            await ((IAsyncDisposable)host).DisposeAsync();
            throw;
        }
    }

    private static async Task InitializeAsync(DroverConfig config, IServiceProvider services, ILoggerFactory logs, CancellationToken stop)
    {
        if (config is { HasQueueServer: false, CatalogAddress.IsShared: false })
            await DroverServerStartup.InitializeAsync(services, stop);
        else
        {
            string address = config.HasQueueServer ? "the queue server" : config.CatalogAddress.ToString();
            await Patience.UntilThereAsync(address, async () => { await DroverServerStartup.InitializeAsync(services, stop); return true; }, logs.CreateLogger<DroverNode>(), stop);
        }
    }

    private static WebApplication BuildApi(DroverConfig config, ILoggerFactory logs, Action<IServiceCollection> addStore)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, config));
        AddCommon(builder.Services, logs);
        addStore(builder.Services);
        builder.Services.AddSingleton<IServerProbe>(_ => new SshProbe(config.Ssh, TimeProvider.System, logs));
        builder.Services.AddSingleton<IKeyInspector, SshKeyInspector>();
        builder.Services.AddDroverServer(config.Server);
        return builder.Build();
    }

    private static IHost BuildPlain(DroverConfig config, NodeRoles roles, ILoggerFactory logs, Action<IServiceCollection> addStore)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        AddCommon(builder.Services, logs);
        addStore(builder.Services);
        if (DroverNode.HoldsStore(config, roles))
            builder.Services.AddDroverDirectory(config.Server);
        return builder.Build();
    }

    private static void AddCommon(IServiceCollection services, ILoggerFactory logs)
    {
        services.AddSingleton(logs);
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(TimeProvider.System);
    }

    private static void Listen(KestrelServerOptions kestrel, DroverConfig config)
    {
        var (host, port) = config.ServerAddress;
        if (host == "*")
            kestrel.ListenAnyIP(port);
        else if (host == "localhost")
            kestrel.ListenLocalhost(port);
        else
            kestrel.Listen(IPAddress.Parse(host), port);
    }

    /// <summary>Signals are <see cref="DroverNode"/>'s own.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
