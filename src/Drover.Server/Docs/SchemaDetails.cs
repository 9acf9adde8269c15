using System.Text.Json;
using Drover.Server.Contracts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Drover.Server.Docs;

/// <summary>Schemas of what converters of our own write, and what the types cannot say.</summary>
internal static class SchemaDetails
{
    public static Task CompleteAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = context.JsonTypeInfo.Type;
        if (type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?))
        {
            schema.Type = type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        else if (type == typeof(double) || type == typeof(double?))
        {
            schema.Type = type == typeof(double) ? JsonSchemaType.Number : JsonSchemaType.Number | JsonSchemaType.Null;
        }
        else if (type == typeof(JobArgs))
        {
            schema.OneOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String, Description = "Shell text." },
                new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = new OpenApiSchema { Type = JsonSchemaType.String },
                    Description = "Each item reaches the program unchanged.",
                },
            ];
        }
        else if (type == typeof(JsonElement) || type == typeof(JsonElement?))
        {
            schema.Type = null;
            schema.Description ??= "Any JSON.";
        }

        return Task.CompletedTask;
    }
}
