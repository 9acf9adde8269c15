using Drover.Server;
using Drover.Server.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.AspNetCore;

/// <summary>Sees to it that nobody opens the dashboard to the world by having forgotten to say who may come in.</summary>
internal sealed class DroverGuard(DroverSiteOptions options, IHostEnvironment environment, ILogger log)
{
    // Set by ASP.NET Core's authorization when it has looked at an endpoint; the endpoint step asks for the same.
    private const string Looked = "__AuthorizationMiddlewareWithEndpointInvoked";
    private static readonly ServerOptions NoNames = new() { DataDirectory = "" };
    private int _told;

    /// <summary>Whether the call may go on; when not it is answered.</summary>
    public async ValueTask<bool> AdmitsAsync(HttpContext context, Endpoint endpoint)
    {
        if (options.Authorize is { } authorize)
        {
            if (await authorize(context))
                return true;
            await CrossSite.RefuseAsync(context, "The program that Drover is a part of does not let you in here.");
            return false;
        }

        if (await IsGuardedAsync(context, endpoint) || IsHere(context))
            return true;
        if (Interlocked.Exchange(ref _told, 1) == 0)
            log.Unguarded(endpoint.DisplayName);
        await CrossSite.RefuseAsync(context,
            "Nobody has said who may come in here, so nobody may: add .RequireAuthorization() to MapDrover. "
            + "(In the environment Development calls from the machine itself are served.)");
        return false;
    }

    private static async ValueTask<bool> IsGuardedAsync(HttpContext context, Endpoint endpoint)
    {
        var metadata = endpoint.Metadata;
        // To allow anybody is a decision, too. A policy that was not looked at ends as an error before it comes here.
        if (metadata.GetMetadata<IAllowAnonymous>() is not null || metadata.GetMetadata<IAuthorizeData>() is not null
            || metadata.GetMetadata<AuthorizationPolicy>() is not null || metadata.GetMetadata<IAuthorizationRequirementData>() is not null)
            return true;
        return context.Items.ContainsKey(Looked)
            && context.RequestServices.GetService<IAuthorizationPolicyProvider>() is { } policies
            && await policies.GetFallbackPolicyAsync() is not null;
    }

    // Behind a proxy on this machine all calls come from here: the name under which it is called has to be this machine's as well, and
    // a program that serves others does not run as Development.
    private bool IsHere(HttpContext context) =>
        environment.IsDevelopment() && Authentication.IsLocal(context) && CrossSite.IsOwnHost(context.Request.Host.Host, NoNames);
}
