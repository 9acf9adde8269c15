namespace Drover.Server.Http;

/// <summary>What holds for every call of the API. A page of the dashboard reads the parameters of its address itself.</summary>
internal static class RequestRules
{
    public static void Check(HttpContext context, Endpoint endpoint)
    {
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
            QueryParameters.RefuseUnknown(context, endpoint);
    }
}
