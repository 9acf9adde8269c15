using System.Text.Json;

namespace Drover.Tests.Server;

/// <summary>An operation of the API as its own document describes it.</summary>
internal sealed record ApiOperation(string Id, string Method, string Path, bool Secured, JsonElement Json, JsonElement Document)
{
    public bool HasJsonBody => BodyContent is { } content && content.TryGetProperty("application/json", out _);

    public JsonElement Responses => Json.GetProperty("responses");

    private JsonElement? BodyContent => Json.TryGetProperty("requestBody", out var body) ? body.GetProperty("content") : null;

    /// <summary>The properties of the body, with their schemas.</summary>
    public IEnumerable<(string Name, JsonElement Schema)> BodyProperties() =>
        PropertiesOf(BodyContent!.Value.GetProperty("application/json").GetProperty("schema"));

    /// <summary>The properties of an answer; null when it has no JSON of a known shape.</summary>
    public IReadOnlySet<string>? AnswerProperties(int status) =>
        Responses.TryGetProperty(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response)
        && response.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json)
            ? PropertiesOf(json.GetProperty("schema")).Select(p => p.Name).ToHashSet() : null;

    /// <summary>The types a schema allows; empty when it says none.</summary>
    public IReadOnlyList<string> TypesOf(JsonElement schema)
    {
        schema = Resolve(schema);
        if (schema.TryGetProperty("oneOf", out var choices) || schema.TryGetProperty("anyOf", out choices))
            return [.. choices.EnumerateArray().SelectMany(TypesOf)];
        if (schema.TryGetProperty("enum", out _))
            return ["string"];
        if (!schema.TryGetProperty("type", out var type))
            return [];
        return type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(t => t.GetString()!)] : [type.GetString()!];
    }

    public static async Task<IReadOnlyList<ApiOperation>> ReadAsync(HttpClient client)
    {
        var document = (await client.Get("/openapi/v1.json")).Is(200).Json;
        return [.. from path in document.GetProperty("paths").EnumerateObject()
                   from operation in path.Value.EnumerateObject()
                   where operation.Name is "get" or "post" or "put" or "patch" or "delete"
                   select new ApiOperation(operation.Value.GetProperty("operationId").GetString()!, operation.Name.ToUpperInvariant(), path.Name,
                       operation.Value.TryGetProperty("security", out var security) && security.GetArrayLength() > 0, operation.Value, document)];
    }

    private IEnumerable<(string Name, JsonElement Schema)> PropertiesOf(JsonElement schema)
    {
        schema = Resolve(schema);
        foreach (string part in (ReadOnlySpan<string>)["allOf", "oneOf", "anyOf"])
        {
            if (schema.TryGetProperty(part, out var parts))
                return parts.EnumerateArray().SelectMany(PropertiesOf);
        }

        return schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(p => (p.Name, p.Value)) : [];
    }

    private JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(Document, (at, name) => at.GetProperty(name));
        return schema;
    }
}
