using Microsoft.OpenApi;

namespace Drover.Server.Docs;

/// <summary>Bodies that are no JSON: streams, downloads, forms.</summary>
internal static class ContentTypes
{
    public static void Complete(OpenApiOperation operation)
    {
        switch (operation.OperationId)
        {
            case "readLog":
                Add(operation, "text/event-stream", "Events log and end; the id is the seq.");
                Add(operation, "text/plain", "The bare text.");
                break;
            case "readEvents":
                Add(operation, "text/event-stream", "Events jobs, workers, queues, servers and reset; the id is the seq.");
                break;
            case "downloadStdout" or "downloadStderr":
                Add(operation, "application/octet-stream", "The bytes.", "binary");
                break;
            case "getMetrics":
                Add(operation, "text/plain", "Prometheus text format.");
                break;
            case "openWebSocket":
                operation.Responses!.Remove("200");
                operation.Responses.TryAdd("101", new OpenApiResponse { Description = "The connection is a WebSocket from here on." });
                operation.Responses.TryAdd("426", new OpenApiResponse { Description = "The call was no WebSocket's." });
                break;
            case "uploadKey":
                operation.RequestBody = Form();
                break;
        }
    }

    private static void Add(OpenApiOperation operation, string type, string description, string? format = null)
    {
        if (!operation.Responses!.TryGetValue("200", out var response))
            operation.Responses.Add("200", response = new OpenApiResponse { Description = "Done." });
        if (response is not OpenApiResponse ok)
            return;
        ok.Content ??= new Dictionary<string, OpenApiMediaType>();
        ok.Content[type] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format, Description = description } };
    }

    private static OpenApiRequestBody Form() => new()
    {
        Required = true,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["multipart/form-data"] = new()
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "file" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "The key file." },
                        ["filename"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The name to keep it under; the file's own when none is given." },
                        ["passphrase"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The key's passphrase, to be kept with it." },
                    },
                },
            },
        },
    };
}
