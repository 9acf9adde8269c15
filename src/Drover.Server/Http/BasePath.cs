using Microsoft.Net.Http.Headers;

namespace Drover.Server.Http;

/// <summary>Below a prefix the addresses that answers tell begin with it: endpoints know nothing of where they stand.</summary>
internal static class BasePath
{
    public static void Use(IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        if (context.Request.PathBase.HasValue)
            context.Response.OnStarting(static state => Complete((HttpContext)state), context);
        return next(context);
    });

    private static Task Complete(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (headers.TryGetValue(HeaderNames.Location, out var location) && location.ToString() is ['/', not '/', ..] path
            && !path.StartsWith(context.Request.PathBase.Value! + "/", StringComparison.OrdinalIgnoreCase))
            headers.Location = context.Request.PathBase.ToUriComponent() + path;
        return Task.CompletedTask;
    }
}
