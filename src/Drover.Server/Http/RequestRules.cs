namespace Drover.Server.Http;

/// <summary>What holds for every endpoint that is ours.</summary>
internal static class RequestRules
{
    public static void Check(HttpContext context, Endpoint endpoint) => QueryParameters.RefuseUnknown(context, endpoint);
}
