using System.Net;
using System.Security.Cryptography;
using System.Text;
using Drover.Server.Contracts;
using Drover.Server.Problems;

namespace Drover.Server.Auth;

/// <summary>
/// Tells calls of our own pages from those that a foreign page makes a browser send: cookies travel with both.
/// (A page on another port of the same host counts as "same site" for cookies, so SameSite alone is not enough.)
/// </summary>
internal static class CrossSite
{
    public const string HeaderName = "X-CSRF-Token";

    /// <summary>
    /// What embedded pages send. It is no secret: that the header is there at all tells that no foreign page made the call, for browsers
    /// ask before they let a page send such a header elsewhere. Being the same on every node it needs no shared key.
    /// </summary>
    public const string EmbeddedToken = "drover";

    /// <summary>Why a call is not to be trusted; null when it is. With no token to expect, a call must only not come from a foreign page.</summary>
    public static string? Suspicion(HttpContext context, string? csrfToken, ServerOptions options)
    {
        var request = context.Request;
        string? origin = request.Headers.Origin;
        bool foreign = origin is not null && !IsOwnOrigin(origin, request) && !options.CorsAllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);
        bool upgrades = context.WebSockets.IsWebSocketRequest;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return upgrades && foreign ? $"The page {origin} may not open a WebSocket here." : null;

        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if (foreign || site is "cross-site" or "same-site")
            return $"A page of another origin ({origin ?? site}) may not do this.";
        if (csrfToken is null || site == "same-origin")
            return null;
        return Matches(request.Headers[HeaderName].ToString(), csrfToken)
            ? null
            : $"A session must send its CSRF token in the header {HeaderName}; GET /api/v1/session tells it.";
    }

    /// <summary>Whether a name in the Host header is this machine's: else a foreign page may have been pointed here by its own DNS.</summary>
    public static bool IsOwnHost(string host, ServerOptions options) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out _)
        || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    public static Task RefuseAsync(HttpContext context, string why) => ProblemResult.WriteAsync(context, new ProblemBody
    {
        Title = "Forbidden",
        Status = StatusCodes.Status403Forbidden,
        Detail = why,
    });

    // Behind a proxy that ends TLS the scheme differs; host and port are what tells sites apart here.
    private static bool IsOwnOrigin(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);

    private static bool Matches(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
