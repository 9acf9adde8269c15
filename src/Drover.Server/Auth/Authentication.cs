using System.Globalization;
using System.Net;
using Drover.Server.Audit;
using Drover.Server.Contracts;
using Drover.Server.Problems;

namespace Drover.Server.Auth;

/// <summary>Lets in who has a token or a session, and nobody else; every endpoint asks unless it is marked <see cref="OpenToAll"/>.</summary>
internal sealed class Authentication(
    RequestDelegate next, AccessTokens tokens, Sessions sessions, FailedAttempts failures, AuditTrail audit, ServerOptions options)
{
    public const string CookieName = "drover_session";
    private const string Bearer = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        if (options.Embedded)
        {
            await AdmitWhomTheHostAdmitsAsync(context);
            return;
        }

        if (options.AuthMode == AuthMode.None)
        {
            await AdmitAnyoneHereAsync(context);
            return;
        }

        if (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<OpenToAll>() is not null)
        {
            await next(context);
            return;
        }

        string? authorization = context.Request.Headers.Authorization;
        if (authorization is not null)
        {
            if (ActorOf(authorization, endpoint) is { } actor)
                await AdmitAsync(context, new(actor, Caller.OriginOf(context)));
            else
                await RefuseAsync(context, failures, audit, "The token is wrong.");
            return;
        }

        if (context.Request.Cookies[CookieName] is { } cookie)
        {
            if (await sessions.FindAsync(cookie, context.RequestAborted) is not { } session)
                await RefuseAsync(context, failures, audit, "The session has ended; sign in again.");
            else if (CrossSite.Suspicion(context, session.CsrfToken, options) is { } suspicion)
                await CrossSite.RefuseAsync(context, suspicion);
            else
                await AdmitAsync(context, new(session.Actor, Caller.OriginOf(context), session));
            return;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        await new UnauthorizedProblem("Send 'Authorization: Bearer TOKEN'. The admin token is in the data folder, in the file admin-token.").ExecuteAsync(context);
    }

    /// <summary>Answers 401, or 429 when the address fails too often.</summary>
    public static async Task RefuseAsync(HttpContext context, FailedAttempts failures, AuditTrail audit, string why)
    {
        if (failures.Add(context.Connection.RemoteIpAddress) is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await ProblemResult.WriteAsync(context, new ProblemBody
            {
                Title = "Too many failed attempts",
                Status = StatusCodes.Status429TooManyRequests,
                Detail = "This address has sent wrong credentials too often; wait before the next attempt.",
            });
            return;
        }

        await audit.RecordAsync(new("anonymous", Caller.OriginOf(context)), "auth.denied", null, $"{context.Request.Method} {context.Request.Path}");
        context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        await new UnauthorizedProblem(why).ExecuteAsync(context);
    }

    private string? ActorOf(string authorization, Endpoint endpoint)
    {
        if (!authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return null;
        var token = authorization.AsSpan(Bearer.Length).Trim();
        if (tokens.IsAdmin(token))
            return "admin";
        return endpoint.Metadata.GetMetadata<OpenToMetricsToken>() is not null && tokens.IsMetrics(token) ? "metrics" : null;
    }

    private Task AdmitAsync(HttpContext context, Caller caller)
    {
        context.Features.Set(caller);
        return next(context);
    }

    /// <summary>
    /// The program around let the call in. Its cookie may have come along unasked for, so a change must prove that it was meant: a token
    /// in the header Authorization is sent on purpose; all else needs the browser's word or the header, which no foreign page can send.
    /// </summary>
    private Task AdmitWhomTheHostAdmitsAsync(HttpContext context)
    {
        bool deliberate = context.Request.Headers.Authorization.ToString().StartsWith(Bearer, StringComparison.OrdinalIgnoreCase);
        if (CrossSite.Suspicion(context, deliberate ? null : CrossSite.EmbeddedToken, options) is { } suspicion)
            return CrossSite.RefuseAsync(context, suspicion);
        return AdmitAsync(context, new(context.User.Identity?.Name ?? "anonymous", Caller.OriginOf(context)));
    }

    private Task AdmitAnyoneHereAsync(HttpContext context)
    {
        if (!IsLocal(context))
            return CrossSite.RefuseAsync(context, "Without authentication only connections from this machine are served.");
        if (!CrossSite.IsOwnHost(context.Request.Host.Host, options))
            return CrossSite.RefuseAsync(context, $"'{context.Request.Host.Host}' is not a name of this machine; allow it in the configuration if it is.");
        if (CrossSite.Suspicion(context, csrfToken: null, options) is { } suspicion)
            return CrossSite.RefuseAsync(context, suspicion);
        return AdmitAsync(context, new("anonymous", Caller.OriginOf(context)));
    }

    /// <summary>Whether both ends of the connection are on this machine.</summary>
    public static bool IsLocal(HttpContext context) => IsLoopback(context.Connection.RemoteIpAddress) && IsLoopback(context.Connection.LocalIpAddress);

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);
}
