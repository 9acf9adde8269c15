using System.Net;
using Drover.Brokers;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;
using Drover.Server;
using Drover.Server.Servers;
using Drover.Servers;
using Drover.Shell;
using Drover.Sqlite;
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
    public static async Task<WebApplication> BuildAsync(DroverConfig config, SqliteDatabase database, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, config));
        var services = builder.Services;
        services.AddSingleton(logs);
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(database.Jobs);
        services.AddSingleton(database.Catalog);
        services.AddSingleton(database.Audit);
        services.AddSingleton<IServerProbe>(_ => new SshProbe(config.Ssh, TimeProvider.System, logs));
        services.AddSingleton<IKeyInspector, SshKeyInspector>();
        services.AddSingleton(provider => new Broker(database.Jobs, provider.GetRequiredService<ServerDirectory>(), config.Broker, TimeProvider.System, logs));
        services.AddSingleton<IBroker>(provider => provider.GetRequiredService<Broker>());
        services.AddDroverServer(config.Server);
        var app = builder.Build();
        try
        {
            await DroverServerStartup.InitializeAsync(app.Services);
            app.MapDrover();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public static Worker MakeWorker(DroverConfig config, IBroker broker, ILoggerFactory logs) => new(broker,
    [
        new TaskExecutor(new TaskHandlers().Add(BenchVerb.JobType, static (_, _) => ValueTask.FromResult(TaskResult.Done)), TimeProvider.System),
        new LocalExecutor(new LocalOptions { KeepaliveInterval = config.Ssh.KeepaliveInterval }),
        new SshExecutor(config.Ssh, TimeProvider.System, logs),
    ], config.Worker, TimeProvider.System, logs);

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

    /// <summary>Signals are <see cref="DroverHost"/>'s own.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
