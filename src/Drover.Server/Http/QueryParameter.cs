using System.Globalization;
using Drover.Server.Json;
using Drover.Server.Problems;
using Microsoft.Extensions.Primitives;
using Microsoft.OpenApi;

namespace Drover.Server.Http;

/// <summary>A query parameter: declared once, read by the endpoint and described in the OpenAPI document.</summary>
internal abstract class QueryParameter(string name, string description)
{
    public string Name => name;

    public string Description => description;

    public abstract OpenApiSchema Schema { get; }

    /// <summary>What was given, once; null when nothing was.</summary>
    protected string? Single(HttpContext context)
    {
        var values = context.Request.Query[name];
        if (values.Count > 1)
            throw Errors.Of(name, "Must be given once.");
        return values.Count == 0 || values[0] is not { Length: > 0 } text ? null : text;
    }
}

/// <summary>A whole number within bounds.</summary>
internal sealed class NumberParameter(string name, long min, long max, string description) : QueryParameter(name, description)
{
    public override OpenApiSchema Schema => new()
    {
        Type = JsonSchemaType.Integer,
        Format = "int64",
        Minimum = min.ToString(CultureInfo.InvariantCulture),
        Maximum = max == long.MaxValue ? null : max.ToString(CultureInfo.InvariantCulture),
    };

    public long? Read(HttpContext context)
    {
        if (Single(context) is not { } text)
            return null;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) || value < min || value > max)
            throw Errors.Of(Name, max == long.MaxValue ? $"Must be a whole number of at least {min}." : $"Must be a whole number from {min} to {max}.");
        return value;
    }
}

/// <summary>Any text.</summary>
internal sealed class TextParameter(string name, string description) : QueryParameter(name, description)
{
    public override OpenApiSchema Schema => new() { Type = JsonSchemaType.String };

    public string? Read(HttpContext context) => Single(context);
}

/// <summary>True or false.</summary>
internal sealed class FlagParameter(string name, string description) : QueryParameter(name, description)
{
    public override OpenApiSchema Schema => new() { Type = JsonSchemaType.Boolean };

    public bool Read(HttpContext context) => Single(context) switch
    {
        null or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw Errors.Of(Name, "Must be true or false."),
    };
}

/// <summary>A UUID.</summary>
internal sealed class IdParameter(string name, string description) : QueryParameter(name, description)
{
    public override OpenApiSchema Schema => new() { Type = JsonSchemaType.String, Format = "uuid" };

    public Guid? Read(HttpContext context) =>
        Single(context) is not { } text ? null : Guid.TryParse(text, out var id) ? id : throw Errors.Of(Name, "Must be a UUID.");
}

/// <summary>A time.</summary>
internal sealed class TimeParameter(string name, string description) : QueryParameter(name, description)
{
    public override OpenApiSchema Schema => new() { Type = JsonSchemaType.String, Format = "date-time" };

    public DateTimeOffset? Read(HttpContext context) => Single(context) is not { } text ? null
        // A '+' that was not escaped arrives as a space.
        : TimeConverter.TryParse(text.Length > 19 ? text[..19] + text[19..].Replace(' ', '+') : text, out var time) ? time
        : throw Errors.Of(Name, $"Must be {TimeConverter.Expected}.");
}

/// <summary>One word of several, or more when it may be repeated.</summary>
internal sealed class WordParameter(string name, IReadOnlyList<string> words, string description, bool repeatable = false) : QueryParameter(name, description)
{
    public override OpenApiSchema Schema
    {
        get
        {
            var word = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. words.Select(w => (System.Text.Json.Nodes.JsonNode)w)] };
            return repeatable ? new() { Type = JsonSchemaType.Array, Items = word } : word;
        }
    }

    public string? Read(HttpContext context) => Single(context) is { } text ? Check(text) : null;

    public IReadOnlyList<string> ReadAll(HttpContext context)
    {
        var values = context.Request.Query[Name];
        return StringValues.IsNullOrEmpty(values) ? [] : [.. values.SelectMany(v => v!.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(Check)];
    }

    private string Check(string text) => words.Contains(text) ? text : throw Errors.Of(Name, $"Must be one of {string.Join(", ", words)}.");
}

/// <summary>The query parameters of an endpoint; any other is an error, so that a typo is not taken for "no filter".</summary>
internal sealed class QueryParameters(IReadOnlyList<QueryParameter> all)
{
    private static readonly QueryParameters None = new([]);

    public IReadOnlyList<QueryParameter> All => all;

    public static void RefuseUnknown(HttpContext context, Endpoint endpoint)
    {
        if (!context.Request.QueryString.HasValue)
            return;
        var known = endpoint.Metadata.GetMetadata<QueryParameters>() ?? None;
        foreach (string name in context.Request.Query.Keys)
        {
            if (!known.All.Any(p => p.Name == name))
            {
                throw Errors.Of(name, known.All.Count == 0
                    ? "There is no such query parameter."
                    : $"There is no such query parameter; known are {string.Join(", ", known.All.Select(p => p.Name))}.");
            }
        }
    }
}

internal static class QueryParameterExtensions
{
    /// <summary>Declares an endpoint's query parameters.</summary>
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder builder, params IReadOnlyList<QueryParameter> parameters) =>
        builder.WithMetadata(new QueryParameters(parameters));
}
