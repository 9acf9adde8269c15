using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace WebShop;

/// <summary>The shop's own way of letting its operators in, as small as can be: one password, a cookie, the policy <c>ops</c>.</summary>
internal static class OpsSignIn
{
    public const string Policy = "ops";
    private const string Page =
        "<!doctype html><title>Web shop</title><form method=post><label>Operators' password <input type=password name=password autofocus></label> <button>Sign in</button></form>";

    public static void AddOpsSignIn(this IServiceCollection services)
    {
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.LoginPath = "/sign-in";
            cookie.Cookie.SameSite = SameSiteMode.Strict;
        });
        services.AddAuthorizationBuilder().AddPolicy(Policy, policy => policy.RequireRole(Policy));
    }

    public static void MapOpsSignIn(this WebApplication app, string password)
    {
        app.MapGet("/sign-in", () => Results.Content(Page, "text/html"));
        app.MapPost("/sign-in", async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(form["password"].ToString()), Encoding.UTF8.GetBytes(password)))
                return Results.Content(Page, "text/html", statusCode: StatusCodes.Status403Forbidden);
            var identity = new ClaimsIdentity([new(ClaimTypes.Name, "operator"), new(ClaimTypes.Role, Policy)], CookieAuthenticationDefaults.AuthenticationScheme);
            await context.SignInAsync(new ClaimsPrincipal(identity));
            return Results.LocalRedirect(context.Request.Query["ReturnUrl"].ToString() is ['/', ..] back ? back : "/drover");
        });
    }
}
