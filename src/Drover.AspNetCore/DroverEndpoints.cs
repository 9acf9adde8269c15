using System.Buffers;
using Drover.AspNetCore;
using Drover.Brokers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts API and dashboard into an ASP.NET Core program.</summary>
public static class DroverEndpoints
{
    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/");
    private const string Page = "/{**path}";
    private const string Api = "/api/{**path}";

    /// <summary>
    /// Maps API and dashboard of the jobs that <c>AddDrover</c> keeps below a prefix: the page at <c>/drover</c>, calls at
    /// <c>/drover/api/v1/…</c>. The program's own authorization lets people in, by what is said on the answer
    /// (<c>.RequireAuthorization("ops")</c>), by a fallback policy or by <see cref="DroverSiteOptions.Authorize"/>. When nothing of this
    /// is there, calls from this machine are served in the environment <c>Development</c> and all others are refused;
    /// <c>.AllowAnonymous()</c> opens it to everybody.
    /// </summary>
    /// <param name="endpoints">The program's endpoints, or a group of them without parameters in its address.</param>
    /// <param name="prefix">Where: <c>/drover</c>. Not the root.</param>
    /// <param name="configure">How; null for as usual.</param>
    /// <exception cref="ArgumentException">The prefix is no plain path.</exception>
    /// <exception cref="InvalidOperationException"><c>AddDrover</c> was not called.</exception>
    public static IEndpointConventionBuilder MapDrover(this IEndpointRouteBuilder endpoints, string prefix, Action<DroverSiteOptions>? configure = null)
    {
        if (prefix is not ['/', not '/', ..] || prefix.EndsWith('/') || prefix.AsSpan().ContainsAnyExcept(PathCharacters))
            throw new ArgumentException($"The prefix must be a plain path such as /drover, not '{prefix}'.", nameof(prefix));
        var services = endpoints.ServiceProvider;
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(IBroker)) != true)
            throw new InvalidOperationException("There are no jobs to show: call services.AddDrover(…) first.");
        var options = new DroverSiteOptions();
        configure?.Invoke(options);
        var site = new DroverSite(services, options);
        var guard = new DroverGuard(options, services.GetRequiredService<IHostEnvironment>(), services.GetRequiredService<ILoggerFactory>().CreateLogger<DroverGuard>());
        RequestDelegate serve = context => ServeAsync(context, guard, site);

        var group = endpoints.MapGroup(prefix);
        group.Map(Page, serve).ExcludeFromDescription();
        // Whoever is not signed in is sent to the host's sign-in page when he asks for a page, and told so when he calls the API.
        group.Map(Api, serve).ExcludeFromDescription().DisableCookieRedirect();
        return group;
    }

    private static async Task ServeAsync(HttpContext context, DroverGuard guard, DroverSite site)
    {
        var endpoint = (RouteEndpoint)context.GetEndpoint()!;
        if (!await guard.AdmitsAsync(context, endpoint))
            return;
        string pattern = endpoint.RoutePattern.RawText!;
        var prefix = new PathString("/" + pattern[..^(pattern.EndsWith(Api, StringComparison.Ordinal) ? Api : Page).Length].TrimStart('/'));
        if (!context.Request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase, out var matched, out var rest))
            throw new InvalidOperationException($"Drover cannot stand below an address with parameters: {pattern}.");
        await site.ServeAsync(context, matched, rest);
    }
}
