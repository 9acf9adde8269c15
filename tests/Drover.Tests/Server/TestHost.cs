using System.Net.Http.Headers;
using Drover.Brokers;
using Drover.Catalog;
using Drover.Server;
using Drover.Server.Auth;
using Drover.Servers;
using Drover.Shell;
using Drover.Ssh;
using Drover.Storage;
using Drover.Testing;
using Drover.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Tests.Server;

/// <summary>The whole server on a free loopback port: real HTTP, broker and worker; jobs and catalog in memory.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Worker? _worker;
    private readonly bool _ownsFolder;

    private TestHost(WebApplication app, Worker? worker, string folder, bool ownsFolder, CapturedLog log)
    {
        (_app, _worker, Folder, _ownsFolder, Log) = (app, worker, folder, ownsFolder, log);
        Token = TokenVault.TryRead(folder) ?? "";
        Url = new(app.Urls.Single());
        Client = NewClient(Token);
    }

    public Uri Url { get; }

    public string Token { get; }

    public string Folder { get; }

    public CapturedLog Log { get; }

    /// <summary>Calls with the admin token.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public IBroker Broker => Services.GetRequiredService<IBroker>();

    public InMemoryCatalog Catalog => (InMemoryCatalog)Services.GetRequiredService<ICatalog>();

    /// <summary>Starts it.</summary>
    /// <param name="change">Changes the options.</param>
    /// <param name="handlers">Tasks that its worker can run; null for no worker at all.</param>
    /// <param name="folder">The data folder; null for a new one.</param>
    /// <param name="queues">How queues behave.</param>
    /// <param name="catalog">What is in the catalog already.</param>
    /// <param name="around">Stands between the broker and its store.</param>
    /// <param name="worker">Changes the worker's options.</param>
    public static async Task<TestHost> StartAsync(
        Func<ServerOptions, ServerOptions>? change = null, TaskHandlers? handlers = null, string? folder = null, QueueOptions? queues = null,
        InMemoryCatalog? catalog = null, Func<IJobStore, IJobStore>? around = null, Func<WorkerOptions, WorkerOptions>? worker = null)
    {
        bool ownsFolder = folder is null;
        folder ??= Directory.CreateTempSubdirectory("drover-server-").FullName;
        var options = new ServerOptions { DataDirectory = folder, Heartbeat = TimeSpan.FromSeconds(2), DashboardDirectory = Path.Combine(folder, "web") };
        options = change?.Invoke(options) ?? options;
        var log = new CapturedLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        IJobStore store = new InMemoryJobStore(TimeProvider.System, queues);
        store = around?.Invoke(store) ?? store;
        catalog ??= new InMemoryCatalog(TimeProvider.System);
        builder.Services.AddSingleton<ICatalog>(catalog).AddSingleton<IAuditLog>(catalog)
            .AddSingleton<IServerProbe>(new SshProbe(new() { ConnectionTimeout = TimeSpan.FromSeconds(5) }, TimeProvider.System, NullLoggerFactory.Instance))
            .AddSingleton<IKeyInspector>(new SshKeyInspector());
        builder.Services.AddSingleton<IBroker>(services =>
            new Broker(store, services.GetRequiredService<ITargetResolver>(), new(), TimeProvider.System, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddDroverServer(options);
        var app = builder.Build();
        app.MapDrover();
        await DroverServerStartup.InitializeAsync(app.Services);
        var broker = (Broker)app.Services.GetRequiredService<IBroker>();
        await broker.StartAsync();
        await app.StartAsync();
        Worker? running = null;
        if (handlers is not null)
        {
            var workerOptions = new WorkerOptions
            {
                Host = "test-host",
                Slots = 8,
                Queues = [new("*")],
                OutputFlushInterval = TimeSpan.FromMilliseconds(20),
                GracefulShutdown = TimeSpan.Zero,
            };
            running = new(broker, [new TaskExecutor(handlers, TimeProvider.System), new LocalExecutor(new())],
                worker?.Invoke(workerOptions) ?? workerOptions, TimeProvider.System, NullLoggerFactory.Instance);
            await running.StartAsync(CancellationToken.None);
        }

        return new(app, running, folder, ownsFolder, log);
    }

    public HttpClient NewClient(string? token = null, bool cookies = false)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = cookies, AllowAutoRedirect = false, MaxConnectionsPerServer = 1000 })
        {
            BaseAddress = Url,
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_worker is not null)
        {
            _worker.StopNow();
            await _worker.StopAsync(CancellationToken.None);
            _worker.Dispose();
        }

        await _app.StopAsync();
        await ((Broker)Broker).DisposeAsync();
        await _app.DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }
}
