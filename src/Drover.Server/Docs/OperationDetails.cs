using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Drover.Server.Docs;

/// <summary>Adds to each operation what all have in common: query parameters, headers, security, problems, examples.</summary>
internal static class OperationDetails
{
    private const string ProblemType = "application/problem+json";

    public static Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var problem = new OpenApiSchemaReference(nameof(ProblemBody), context.Document);
        AddQuery(operation, metadata);
        AddHeaders(operation);
        operation.Responses ??= [];
        bool open = metadata.OfType<OpenToAll>().Any();
        if (!open)
        {
            operation.Security =
            [
                new() { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] },
                new() { [new OpenApiSecuritySchemeReference("session", context.Document)] = [] },
            ];
            Add(operation, "401", "Nobody, or somebody unknown: a token or session is needed.", problem);
        }

        if (operation.RequestBody is not null || operation.Parameters is { Count: > 0 })
            Add(operation, "400", "The request is wrong; errors names each field with the reasons.", problem);
        if (operation.RequestBody is not null)
        {
            Add(operation, "413", "The body is too large.", problem);
            Add(operation, "415", "The body is of another media type.", problem);
        }

        Add(operation, "429", "Too much at once: the queue is full, or too many failed attempts to sign in.", problem);
        Add(operation, "503", "The store cannot work now; try again.", problem);
        foreach (var (status, response) in operation.Responses)
            Complete(status, response);
        ContentTypes.Complete(operation);
        Examples.Add(operation);
        return Task.CompletedTask;
    }

    private static void AddQuery(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var parameter in metadata.OfType<QueryParameters>().LastOrDefault()?.All ?? [])
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Description = parameter.Description,
                Schema = parameter.Schema,
                Explode = true,
            });
        }
    }

    private static void AddHeaders(OpenApiOperation operation)
    {
        if (operation.OperationId is "submitJob" or "submitScript" or "submitJobs" or "rerunJob" or "duplicateJob" or "runSchedule" or "addServer" or "uploadKey")
        {
            AddHeader(Idempotency.HeaderName, "Makes sending the call again safe: within 24 hours the same key gets the first answer and creates nothing.");
        }
        else if (operation.OperationId is "readLog" or "readEvents")
        {
            AddHeader("Last-Event-ID", "For streams: the id of the last event that was seen.");
        }

        void AddHeader(string name, string description)
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Header,
                Description = description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
    }

    private static void Add(OpenApiOperation operation, string status, string description, OpenApiSchemaReference problem) =>
        operation.Responses!.TryAdd(status, new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType> { [ProblemType] = new() { Schema = problem } },
        });

    private static void Complete(string status, IOpenApiResponse response)
    {
        response.Description = (status, response.Description) switch
        {
            ("404", _) => "There is no such thing.",
            ("409", _) => "Its state does not allow it; detail says why.",
            ("201", "Created") => "Created; Location tells where.",
            ("202", "Accepted") => "Noted; the outcome follows as an event.",
            ("204", "No Content") => "Done; there is nothing to tell.",
            ("200", "OK") => "Done.",
            _ => response.Description,
        };
    }
}
