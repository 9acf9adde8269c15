using Drover.Brokers;
using Drover.Catalog;
using Drover.Events;
using Drover.Jobs;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Secrets;
using Drover.Server.Servers;

namespace Drover.Server;

/// <summary>What must be in place before the first call and the first worker.</summary>
public static class DroverServerStartup
{
    /// <summary>
    /// Makes the admin token and the key ring when there are none, adds the server <c>local</c>, tells the store the
    /// servers' limits and joins the servers' events to the broker's.
    /// </summary>
    /// <param name="services">The host's services, with those of <see cref="DroverServer.AddDroverServer"/> or <see cref="DroverServer.AddDroverDirectory"/>.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="IOException">The data folder cannot be used.</exception>
    /// <exception cref="KeyRingMismatchException">The catalog's secrets were sealed with another key.</exception>
    public static async ValueTask InitializeAsync(IServiceProvider services, CancellationToken cancel = default)
    {
        var options = services.GetRequiredService<ServerOptions>();
        if (options.AuthMode == AuthMode.Token)
            services.GetService<AccessTokens>();
        await services.GetRequiredService<KeyRingCheck>().RunAsync(cancel);
        var servers = services.GetRequiredService<ServerCatalog>();
        var broker = services.GetRequiredService<IBroker>();
        services.GetRequiredService<ServerDirectory>().Changed = (kind, id) => _ = TellAsync(broker, kind, id);
        await AddLocalAsync(servers, services.GetRequiredService<TimeProvider>(), cancel);
        var limits = (await servers.AllAsync(cancel)).All.Where(s => s.Limit is not null).ToDictionary(s => "server:" + s.Id, s => s.Limit);
        if (limits.Count > 0)
            await broker.SetLimitsAsync(limits, cancel);
    }

    private static async Task TellAsync(IBroker broker, EventKind kind, string serverId)
    {
        try
        {
            await broker.PublishAsync(kind, serverId);
        }
        catch (Exception)
        {
            // The change is stored; whoever looks again sees it. A queue server that is away says so by itself.
        }
    }

    private static async ValueTask AddLocalAsync(ServerCatalog servers, TimeProvider time, CancellationToken cancel)
    {
        if (await servers.FindAsync("local", cancel) is not null)
            return;
        try
        {
            await servers.CreateAsync(JobId.New(time).ToString(), "local", new() { Kind = ServerKind.Local, CreatedAt = time.GetUtcNow() }, cancel);
        }
        catch (CatalogConflictException)
        {
            // Another node was faster.
        }
    }
}
