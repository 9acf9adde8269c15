using Drover.Server.Audit;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Auth;

/// <summary>Signing browsers in and out.</summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder api, ServerOptions options)
    {
        var group = api.MapGroup("/session").WithTags("Session");
        // Where Drover is a part of a program, that one signs people in and out.
        if (!options.Embedded)
            group.MapPost("", OpenAsync).WithName("openSession").WithMetadata(OpenToAll.Mark).WithMetadata(BodyLimit.Small);
        group.MapGet("", Get).WithName("getSession");
        if (!options.Embedded)
            group.MapDelete("", CloseAsync).WithName("closeSession");
    }

    /// <summary>Sign a browser in</summary>
    /// <remarks>Exchanges a token or a one-time code for a session: an http-only, same-site cookie. Calls that change something must then send the answer's <c>csrf_token</c> in the header <c>X-CSRF-Token</c>.</remarks>
    public static async Task<Results<Ok<SessionResponse>, EmptyHttpResult>> OpenAsync(
        SessionRequest request, HttpContext context, AccessTokens tokens, SignInCodes codes, Sessions sessions, FailedAttempts failures, AuditTrail audit, ServerOptions options)
    {
        if (request.Token is null == request.Code is null)
            throw Errors.Of("token", "Give a token or a code.");
        if (CrossSite.Suspicion(context, csrfToken: null, options) is { } suspicion)
        {
            await CrossSite.RefuseAsync(context, suspicion);
            return TypedResults.Empty;
        }

        string? actor = request.Code is { } code ? codes.Redeem(code) : tokens.IsAdmin(request.Token) ? "admin" : null;
        if (actor is null)
        {
            await Authentication.RefuseAsync(context, failures, audit,
                request.Code is null ? "The token is wrong." : "The link was used already or is too old; sign in with the token, or have a new link made.");
            return TypedResults.Empty;
        }

        var (cookie, session) = await sessions.OpenAsync(actor, context.RequestAborted);
        context.Response.Cookies.Append(Authentication.CookieName, cookie, Cookie(context, session.ExpiresAt));
        context.Response.Headers.CacheControl = "no-store";
        await audit.RecordAsync(new(actor, Caller.OriginOf(context)), "session.open", null, request.Code is null ? "by token" : "by one-time code");
        return TypedResults.Ok(Describe(actor, session));
    }

    /// <summary>Show who is signed in</summary>
    public static Ok<SessionResponse> Get(HttpContext context, ServerOptions options)
    {
        context.Response.Headers.CacheControl = "no-store";
        var caller = context.Caller();
        if (options.Embedded)
            return TypedResults.Ok(new SessionResponse { Actor = caller.Name, Via = "host", CsrfToken = CrossSite.EmbeddedToken });
        return TypedResults.Ok(caller.Session is { } session
            ? Describe(caller.Name, session)
            : new SessionResponse { Actor = caller.Name, Via = options.AuthMode == AuthMode.None ? "none" : "token" });
    }

    /// <summary>Sign out</summary>
    public static async Task<NoContent> CloseAsync(HttpContext context, Sessions sessions, AuditTrail audit)
    {
        if (context.Request.Cookies[Authentication.CookieName] is { } cookie)
        {
            await sessions.CloseAsync(cookie, context.RequestAborted);
            await audit.RecordAsync(context.Caller(), "session.close", null);
        }

        context.Response.Cookies.Delete(Authentication.CookieName, Cookie(context, expires: null));
        return TypedResults.NoContent();
    }

    private static SessionResponse Describe(string actor, Session session) =>
        new() { Actor = actor, Via = "session", CsrfToken = session.CsrfToken, ExpiresAt = session.ExpiresAt };

    private static CookieOptions Cookie(HttpContext context, DateTimeOffset? expires) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = context.Request.PathBase.HasValue ? context.Request.PathBase.Value : "/",
        Expires = expires,
        IsEssential = true,
    };
}
