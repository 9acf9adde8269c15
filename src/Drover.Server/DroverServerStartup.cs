using Drover.Brokers;
using Drover.Catalog;
using Drover.Jobs;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Servers;

namespace Drover.Server;

/// <summary>What must be in place before the first call and the first worker.</summary>
public static class DroverServerStartup
{
    /// <summary>
    /// Makes the admin token and the key ring when there are none, adds the server <c>local</c>, tells the store the
    /// servers' limits and joins the servers' events to the broker's.
    /// </summary>
    /// <param name="services">The host's services, with those of <see cref="DroverServer.AddDroverServer"/>.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="IOException">The data folder cannot be used.</exception>
    public static async ValueTask InitializeAsync(IServiceProvider services, CancellationToken cancel = default)
    {
        var options = services.GetRequiredService<ServerOptions>();
        if (options.AuthMode == AuthMode.Token)
            services.GetRequiredService<AdminToken>();
        services.GetRequiredService<Secrets.KeyRing>();
        var servers = services.GetRequiredService<ServerCatalog>();
        var broker = services.GetRequiredService<IBroker>();
        if (broker is Broker local)
            services.GetRequiredService<ServerDirectory>().Changed = local.Publish;
        await AddLocalAsync(servers, services.GetRequiredService<TimeProvider>(), cancel);
        var limits = (await servers.AllAsync(cancel)).All.Where(s => s.Limit is not null).ToDictionary(s => "server:" + s.Id, s => s.Limit);
        if (limits.Count > 0)
            await broker.SetLimitsAsync(limits, cancel);
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
