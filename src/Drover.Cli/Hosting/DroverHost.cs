using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Drover.Brokers;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;
using Drover.Server;
using Drover.Server.Auth;
using Drover.Server.Servers;
using Drover.Servers;
using Drover.Shell;
using Drover.Sqlite;
using Drover.Ssh;
using Drover.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>All of Drover in one process: store, broker, worker and server, started and stopped in an order that loses nothing.</summary>
internal sealed class DroverHost : IAsyncDisposable
{
    private readonly DroverConfig _config;
    private readonly SqliteDatabase _database;
    private readonly WebApplication _app;
    private readonly Broker _broker;
    private readonly Worker _worker;

    private DroverHost(DroverConfig config, SqliteDatabase database, WebApplication app, Worker worker) =>
        (_config, _database, _app, _broker, _worker) = (config, database, app, app.Services.GetRequiredService<Broker>(), worker);

    /// <summary>Runs until a signal asks to stop. The first drains, the second ends at once.</summary>
    public static async Task<int> RunAsync(DroverConfig config, bool quiet)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        DroverHost? host = null;
        int signals = 0;
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref signals) == 1)
                stop.TrySetResult();
            else
                host?._worker.StopNow();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        try
        {
            await using (host = await OpenAsync(config))
            {
                string address = await host.StartAsync();
                if (!quiet)
                    host.Greet(address);
                await stop.Task;
                if (!quiet)
                    await Console.Error.WriteLineAsync("Draining: jobs in hand go on, new ones wait. Once more to end at once.");
                await host.StopAsync();
            }

            return 0;
        }
        catch (Exception known) when (known is DatabaseInUseException or SchemaTooNewException)
        {
            return Verb.Fail(known.Message, ExitCodes.Other);
        }
        catch (IOException busy) when (busy.InnerException is SocketException or AddressInUseException)
        {
            return Verb.Fail($"Cannot listen on {config.Text(Settings.ServerAddr)}: the address is in use or not this machine's. Choose another with --server-addr.", ExitCodes.Other);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException or SocketException)
        {
            return Verb.Fail(refused is SocketException
                ? $"Cannot listen on {config.Text(Settings.ServerAddr)}: {refused.Message}"
                : $"The data folder {config.DataFolder} cannot be used: {refused.Message}", ExitCodes.Other);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _worker.Dispose();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static async Task<DroverHost> OpenAsync(DroverConfig config)
    {
        Directory.CreateDirectory(config.DataFolder);
        using var logs = LoggerFactory.Create(logging => Logging.Configure(logging, config));
        var database = await SqliteDatabase.OpenAsync(config.Store, TimeProvider.System, logs);
        try
        {
            var app = await BuildAsync(config, database);
            var worker = new Worker(app.Services.GetRequiredService<Broker>(), Executors(config, app.Services), config.Worker, TimeProvider.System, app.Services.GetRequiredService<ILoggerFactory>());
            return new(config, database, app, worker);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private static async Task<WebApplication> BuildAsync(DroverConfig config, SqliteDatabase database)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        Logging.Configure(builder.Logging, config);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var (host, port) = config.ServerAddress;
            if (host == "*")
                kestrel.ListenAnyIP(port);
            else if (host == "localhost")
                kestrel.ListenLocalhost(port);
            else
                kestrel.Listen(IPAddress.Parse(host), port);
        });
        var services = builder.Services;
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(database.Jobs);
        services.AddSingleton(database.Catalog);
        services.AddSingleton(database.Audit);
        services.AddSingleton<IServerProbe>(provider => new SshProbe(config.Ssh, TimeProvider.System, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IKeyInspector, SshKeyInspector>();
        services.AddSingleton(provider => new Broker(
            database.Jobs, provider.GetRequiredService<ServerDirectory>(), config.Broker, TimeProvider.System, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IBroker>(provider => provider.GetRequiredService<Broker>());
        services.AddDroverServer(config.Server);
        var app = builder.Build();
        await DroverServerStartup.InitializeAsync(app.Services);
        app.MapDrover();
        return app;
    }

    private static IReadOnlyList<IJobExecutor> Executors(DroverConfig config, IServiceProvider services) =>
    [
        new TaskExecutor(new TaskHandlers().Add(BenchVerb.JobType, static (_, _) => ValueTask.FromResult(TaskResult.Done)), TimeProvider.System),
        new LocalExecutor(new LocalOptions()),
        new SshExecutor(config.Ssh, TimeProvider.System, services.GetRequiredService<ILoggerFactory>()),
    ];

    private async Task<string> StartAsync()
    {
        await _broker.StartAsync();
        await _app.StartAsync();
        await _worker.StartAsync(CancellationToken.None);
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal);
        // Programs on this machine find the address here, also when the port was chosen by the system.
        await File.WriteAllTextAsync(Path.Combine(_config.DataFolder, ClientTarget.AddressFile), address + "\n");
        return address;
    }

    private async Task StopAsync()
    {
        await _broker.DrainWorkerAsync(_worker.Id);
        // The API goes on answering while jobs in hand finish, so that whoever watches sees how they end.
        await _worker.StopAsync(CancellationToken.None);
        using (var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
            await _app.StopAsync(soon.Token);
        await _broker.StopAsync();
        File.Delete(Path.Combine(_config.DataFolder, ClientTarget.AddressFile));
    }

    private void Greet(string address)
    {
        string link = _config.WithoutToken ? address : $"{address}/signin?code={_app.Services.GetRequiredService<SignInCodes>().Create()}";
        Console.Error.WriteLine($"""

              Drover {Version.Text} is up.

                Dashboard   {link}
                API         {address}/api/v1   described at {address}/docs
                Data        {_config.DataFolder}
                Worker      {_worker.Id}, {_config.Worker.Slots} slots

              The dashboard's link signs your browser in once, within ten minutes. In another terminal:

                drover run{(_config.Text(Settings.Data) == Settings.Data.Default ? "" : $" --data {Quote(_config.DataFolder)}")} -- uname -a

            """);
    }

    private static string Quote(string path) =>
        path.Any(c => char.IsWhiteSpace(c) || c is '\'' or '"' or '$') ? $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'" : path;

    /// <summary>Signals are this class's own.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
