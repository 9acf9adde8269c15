using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Drover.Brokers;
using Drover.Catalog;
using Drover.Limits;
using Drover.Schedules;
using Drover.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.AspNetCore;

/// <summary>
/// The HTTP side of Drover inside another program. It has services of its own, so that how it writes JSON, binds requests and describes
/// its API changes nothing for that program's endpoints; queue, clock and logs are the program's.
/// </summary>
internal sealed class DroverSite
{
    private readonly IServiceProvider _host;
    private readonly DroverSiteOptions _options;
    private readonly Lazy<Task<Running>> _running;

    public DroverSite(IServiceProvider host, DroverSiteOptions options)
    {
        (_host, _options) = (host, options);
        _running = new(StartAsync);
        var lifetime = host.GetRequiredService<IHostApplicationLifetime>();
        // It counts from the start on, whether or not anybody looks. What fails here fails again, visibly, at the first call.
        lifetime.ApplicationStarted.Register(() => _ = _running.Value);
        lifetime.ApplicationStopped.Register(() => StopAsync().GetAwaiter().GetResult());
    }

    /// <summary>Answers a call; the program's own view of it is as before afterwards.</summary>
    public async Task ServeAsync(HttpContext context, PathString prefix, PathString path)
    {
        var running = await _running.Value;
        var request = context.Request;
        var (pathBase, whole, values, endpoint, services) = (request.PathBase, request.Path, request.RouteValues, context.GetEndpoint(), context.RequestServices);
        await using var scope = running.Services.CreateAsyncScope();
        try
        {
            (request.PathBase, request.Path, request.RouteValues, context.RequestServices) = (pathBase.Add(prefix), path, [], scope.ServiceProvider);
            context.SetEndpoint(null);
            await running.Pipeline(context);
        }
        finally
        {
            (request.PathBase, request.Path, request.RouteValues, context.RequestServices) = (pathBase, whole, values, services);
            context.SetEndpoint(endpoint);
        }
    }

    private async Task<Running> StartAsync()
    {
        var options = new ServerOptions
        {
            // Nothing is kept in a folder: no token, no servers, no keys. The ring that seals them is there and unused.
            DataDirectory = Path.Combine(AppContext.BaseDirectory, "drover"),
            MasterKey = RandomNumberGenerator.GetBytes(32),
            Embedded = true,
        };
        if (_options.DashboardDirectory is { } folder)
            options = options with { DashboardDirectory = folder };
        var services = new ServiceCollection();
        services.AddOptions().AddLogging().AddRouting();
        Share<ILoggerFactory>(services);
        Share<TimeProvider>(services);
        Share<IHostApplicationLifetime>(services);
        Share<IHostEnvironment>(services);
        Share<IWebHostEnvironment>(services);
        Share<IConfiguration>(services);
        Share<DiagnosticListener>(services);
        Share<DiagnosticSource>(services);
        Share<IMeterFactory>(services);
        services.AddDroverServer(options);
        Share<IBroker>(services);
        Share<ScheduleCatalog>(services);
        Share<LimitCatalog>(services);
        Share<ICatalog>(services);
        Share<IAuditLog>(services);
        var provider = services.BuildServiceProvider();
        var app = new ApplicationBuilder(provider);
        DroverServer.Map(app, null, options);
        var hosted = provider.GetServices<IHostedService>().ToList();
        foreach (var service in hosted)
            await service.StartAsync(CancellationToken.None);
        return new(provider, app.Build(), hosted);
    }

    private async Task StopAsync()
    {
        if (!_running.IsValueCreated || _running.Value.IsFaulted)
            return;
        var running = await _running.Value;
        foreach (var service in Enumerable.Reverse(running.Hosted))
            await service.StopAsync(CancellationToken.None);
        await running.Services.DisposeAsync();
    }

    /// <summary>The host's own, which a container that is handed an instance does not dispose of.</summary>
    private void Share<T>(ServiceCollection services) where T : class
    {
        if (_host.GetService<T>() is { } shared)
            services.Replace(ServiceDescriptor.Singleton(shared));
    }

    private sealed record Running(ServiceProvider Services, RequestDelegate Pipeline, List<IHostedService> Hosted);
}
