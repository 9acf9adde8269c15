using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Drover.Server.Docs;

/// <summary>What the OpenAPI document says beyond what the endpoints' signatures and comments tell.</summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer(DescribeAsync);
        options.AddOperationTransformer(OperationDetails.CompleteAsync);
        options.AddSchemaTransformer(SchemaDetails.CompleteAsync);
    }

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info = new()
        {
            Title = "Drover",
            Version = ApiDocument.Name,
            Description = "Commands, scripts and tasks through a durable queue: submit them, watch their output live, cancel them, find them again. "
                + "Errors are problem details (RFC 9457). Times are RFC 3339, in UTC. Unknown fields and query parameters are errors.",
            License = new() { Name = "MIT", Identifier = "MIT" },
        };
        // Where it is served from is known only to whoever reads it.
        document.Servers = [new() { Url = "/" }];
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["bearer"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token. The admin token stands in the data folder, in the file admin-token.",
            },
            ["session"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = Auth.Authentication.CookieName,
                Description = "A browser's session. Calls that change something also carry the header X-CSRF-Token.",
            },
        };
        document.Tags = new HashSet<OpenApiTag>(Tags.Select(t => new OpenApiTag { Name = t.Name, Description = t.Description }));
        return Task.CompletedTask;
    }

    private static readonly (string Name, string Description)[] Tags =
    [
        ("Jobs", "Submitting jobs, finding them, acting on them."),
        ("Logs", "What jobs print: pages, live streams, downloads."),
        ("Servers", "Where commands and scripts run."),
        ("Keys", "Private keys for signing in to servers."),
        ("Queues", "Where jobs wait."),
        ("Workers", "Who runs jobs."),
        ("System", "What there is and how it goes."),
        ("Live", "Changes as they happen."),
        ("Session", "Signing browsers in and out."),
        ("Health", "For load balancers and monitoring."),
    ];
}
