using Drover.Server.Auth;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Drover.Server.Docs;

/// <summary>The OpenAPI document and the reference in which calls can be tried.</summary>
internal static class ReferenceEndpoints
{
    // The page is the package's own: it starts itself with an inline script and sets styles as it goes.
    private const string PagePolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

    public static void MapReference(this IEndpointRouteBuilder app)
    {
        app.MapGet("/openapi/v1.json", DocumentAsync).WithMetadata(OpenToAll.Mark).ExcludeFromDescription();
        app.MapScalarApiReference("/docs", options =>
        {
            options.Title = "Drover API";
            options.OpenApiRoutePattern = "/openapi/v1.json";
            options.DisableDefaultFonts().DisableAgent().DisableMcp().DisableTelemetry().HideClientButton().HideDeveloperTools();
            options.WithDynamicBaseServerUrl();
        }).WithMetadata(OpenToAll.Mark).AddEndpointFilter(static (context, next) =>
        {
            context.HttpContext.Response.Headers.ContentSecurityPolicy = PagePolicy;
            return next(context);
        });
    }

    private static async Task<IResult> DocumentAsync(HttpContext context, [FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider provider)
    {
        var document = await provider.GetOpenApiDocumentAsync(context.RequestAborted);
        if (context.Request.PathBase.HasValue)
            document.Servers = [new() { Url = context.Request.PathBase.ToUriComponent() }];
        return TypedResults.Text(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, context.RequestAborted), "application/json");
    }
}
