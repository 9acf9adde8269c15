using Drover.Brokers;
using Drover.Cli.Configuration;
using Drover.NetQueue;
using Drover.Storage;
using Drover.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>One process of Drover in its roles: store, broker, queue server, API and worker, started and stopped in an order that loses nothing.</summary>
internal sealed class DroverNode : IAsyncDisposable
{
    /// <summary>Who may look into the data folder: it holds tokens, sealed credentials and what jobs print.</summary>
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DroverConfig _config;
    private readonly ILogger _log;
    private readonly NodeRoles _roles;
    private readonly IAsyncDisposable _store;
    private readonly IHost _host;
    private readonly IBroker _broker;
    private readonly NetQueueServer? _queue;
    private readonly Worker? _worker;

    private DroverNode(DroverConfig config, NodeRoles roles, IAsyncDisposable store, IHost host, ILoggerFactory logs)
    {
        (_config, _roles, _store, _host, _log) = (config, roles, store, host, logs.CreateLogger<DroverNode>());
        _broker = host.Services.GetRequiredService<IBroker>();
        if (roles.HasFlag(NodeRoles.Queue) && config.Text(Settings.NetQueueAddr) != "off")
        {
            var shared = new NetQueueCatalog(host.Services.GetRequiredService<Catalog.ICatalog>(), host.Services.GetRequiredService<Catalog.IAuditLog>());
            _queue = new(_broker, QueueAccess.ServerOptions(config), TimeProvider.System, logs, shared);
        }

        if (roles.HasFlag(NodeRoles.Worker))
            _worker = Composition.MakeWorker(config, _broker, logs);
    }

    /// <summary>The process's services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>The worker's id; null without one.</summary>
    public string? WorkerId => _worker?.Id;

    /// <summary>Where the API listens; null without one, or before the start.</summary>
    public string? ApiAddress { get; private set; }

    /// <summary>Where the queue server is to be found; null without one, or before the start.</summary>
    public string? QueueAddress { get; private set; }

    /// <summary>Opens what the roles need.</summary>
    /// <exception cref="OperationCanceledException">It was stopped while it waited for its queue server.</exception>
    public static async Task<DroverNode> OpenAsync(DroverConfig config, NodeRoles roles, ILoggerFactory logs, CancellationToken stop)
    {
        if (!HoldsStore(config, roles))
        {
            var queue = await ReachAsync(QueueAccess.ClientOptions(config, roles), logs, stop);
            return await OpenAsync(config, roles, queue, () => Composition.BuildAsync(config, roles, queue, logs, stop), logs);
        }

        Directory.CreateDirectory(config.DataFolder, OwnerOnly);
        var store = await NodeStore.OpenAsync(config, logs, stop);
        return await OpenAsync(config, roles, store, () => Composition.BuildAsync(config, roles, store, logs, stop), logs);
    }

    /// <summary>Whether a process has a broker on a store: a queue server always, others when they share a database and name no queue server.</summary>
    public static bool HoldsStore(DroverConfig config, NodeRoles roles) =>
        roles.HasFlag(NodeRoles.Queue) || (config.JobsAddress.IsShared && !config.HasQueueServer);

    /// <summary>Starts everything; when it answers, jobs are taken.</summary>
    public async Task StartAsync()
    {
        if (_broker is Broker local)
            await local.StartAsync();
        await _host.StartAsync();
        if (_host is WebApplication app)
            ApiAddress = NodeAddresses.TellApi(_config, app);
        if (_queue is not null && await NodeAddresses.TryListenAsync(_config, _queue, _log))
            QueueAddress = NodeAddresses.TellQueue(_config, _queue);
        if (_worker is not null)
            await _worker.StartAsync(CancellationToken.None);
    }

    /// <summary>Ends when the worker fails; a worker that was drained by a call is no reason to stop serving others.</summary>
    public async Task<Exception?> FaultAsync()
    {
        if (_worker?.ExecuteTask is { } working)
        {
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (working.IsFaulted)
                return working.Exception.InnerException;
            if (_roles == NodeRoles.Worker)
                return null;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        return null;
    }

    /// <summary>Stops the jobs in hand, too.</summary>
    public void StopNow() => _worker?.StopNow();

    /// <summary>Drains and stops.</summary>
    public async Task StopAsync()
    {
        if (_worker is not null)
        {
            if (_broker is Broker)
                await _broker.DrainWorkerAsync(_worker.Id);
            // The API goes on answering while jobs in hand finish, so that whoever watches sees how they end.
            await _worker.StopAsync(CancellationToken.None);
        }

        using (var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
            await _host.StopAsync(soon.Token);
        if (_queue is not null)
            await _queue.StopAsync(CancellationToken.None);
        if (_broker is Broker local)
            await local.StopAsync();
        NodeAddresses.Forget(_config, _roles);
    }

    public async ValueTask DisposeAsync()
    {
        _worker?.Dispose();
        if (_queue is not null)
            await _queue.DisposeAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _store.DisposeAsync();
    }

    private static async Task<DroverNode> OpenAsync(DroverConfig config, NodeRoles roles, IAsyncDisposable store, Func<Task<IHost>> build, ILoggerFactory logs)
    {
        IHost? host = null;
        try
        {
            host = await build();
            return new(config, roles, store, host, logs);
        }
        catch
        {
            if (host is IAsyncDisposable built)
                await built.DisposeAsync();
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for the queue server as long as it is away: processes are started in any order.</summary>
    private static async Task<NetQueueBroker> ReachAsync(NetQueueClientOptions options, ILoggerFactory logs, CancellationToken stop)
    {
        var log = logs.CreateLogger<DroverNode>();
        var queue = new NetQueueBroker(options with { RequestTimeout = TimeSpan.FromSeconds(5) }, TimeProvider.System, logs);
        try
        {
            for (bool told = false; ; told = true)
            {
                try
                {
                    await queue.PingAsync(stop);
                    break;
                }
                catch (StoreUnavailableException away)
                {
                    if (!told)
                        log.WaitingForQueue(options.ToString(), away.Message);
                }
            }
        }
        finally
        {
            await queue.DisposeAsync();
        }

        return new(options, TimeProvider.System, logs);
    }
}
