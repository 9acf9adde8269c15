using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Server.Contracts;
using Drover.Server.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace Drover.Server.Problems;

/// <summary>Says which field of a JSON body is wrong and what is expected there, from the contract that the endpoint reads.</summary>
internal static class BodyErrors
{
    public static ProblemBody Explain(JsonException error, Endpoint? endpoint) =>
        Explain(error, endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType);

    public static ProblemBody Explain(JsonException error, Type? contract)
    {
        string path = FieldOf(error.Path);
        if (error.InnerException is JsonException malformed || IsSyntax(error))
            return Malformed(error);
        if (contract is null || DroverJson.Api.GetTypeInfo(contract) is not { } root)
            return Invalid(path, "Cannot be read.");
        if (error.Path is null or "$" or "" && Missing(error) is { } missing)
            return Invalid(missing, "Is required.");
        return Invalid(path.Length == 0 ? "body" : path, ReasonAt(root, error));
    }

    private static string ReasonAt(JsonTypeInfo root, JsonException error)
    {
        if (error.Message.StartsWith("Duplicate property", StringComparison.Ordinal))
            return "Is given twice.";
        var at = Walk(root, error.Path ?? "$");
        if (at is null)
            return "There is no such field.";
        if (error.Message.Contains("missing required", StringComparison.Ordinal))
            return "Lacks required fields: " + Missing(error) + ".";
        return $"Must be {Describe(at)}.";
    }

    /// <summary>The type that the contract has at a path such as <c>$.jobs[3].timeout</c>; null when it has nothing there.</summary>
    private static Type? Walk(JsonTypeInfo root, string path)
    {
        Type type = root.Type;
        foreach (string step in path.TrimStart('$').Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = step.Split('[')[0];
            if (name.Length > 0)
            {
                var info = DroverJson.Api.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
                if (info is { Kind: JsonTypeInfoKind.Dictionary, ElementType: { } value })
                    type = value;
                else if (info?.Properties.FirstOrDefault(p => p.Name == name) is { } property)
                    type = property.PropertyType;
                else
                    return null;
            }

            for (int i = step.Count(c => c == '['); i > 0; i--)
                type = DroverJson.Api.GetTypeInfo(type)?.ElementType ?? type;
        }

        return Nullable.GetUnderlyingType(type) ?? type;
    }

    private static string Describe(Type type)
    {
        if (type == typeof(string))
            return "a text";
        if (type == typeof(bool))
            return "true or false";
        if (type == typeof(int) || type == typeof(long))
            return "a whole number" + (type == typeof(int) ? " of at most 32 bits" : "");
        if (type == typeof(double))
            return "a number";
        if (type == typeof(DateTimeOffset))
            return TimeConverter.Expected;
        if (type == typeof(Guid))
            return "a UUID";
        if (type == typeof(JobArgs))
            return "a text or a list of texts";
        if (type.IsEnum)
            return "one of " + string.Join(", ", WordsOf(type));
        return DroverJson.Api.GetTypeInfo(type)?.Kind switch
        {
            JsonTypeInfoKind.Enumerable => "a list",
            JsonTypeInfoKind.Dictionary => "an object whose values are texts",
            _ => "an object",
        };
    }

    private static IEnumerable<string> WordsOf(Type type) =>
        Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);

    /// <summary>The names in "… was missing required properties including: 'a', 'b'."; null for another message.</summary>
    private static string? Missing(JsonException error)
    {
        int at = error.Message.IndexOf("including: ", StringComparison.Ordinal);
        if (at < 0)
            return null;
        string names = error.Message[(at + "including: ".Length)..];
        int end = names.LastIndexOf('\'');
        return end < 0 ? null : names[..end].Replace("'", "", StringComparison.Ordinal);
    }

    private static bool IsSyntax(JsonException error) => error.GetType() != typeof(JsonException);

    private static ProblemBody Malformed(JsonException error) => new()
    {
        Title = "Bad request",
        Status = StatusCodes.Status400BadRequest,
        Detail = string.Create(CultureInfo.InvariantCulture,
            $"The body is no valid JSON at line {(error.LineNumber ?? 0) + 1}, byte {(error.BytePositionInLine ?? 0) + 1}."),
    };

    private static ProblemBody Invalid(string field, string reason) => Invalid(new Dictionary<string, IReadOnlyList<string>> { [field] = [reason] });

    public static ProblemBody Invalid(IReadOnlyDictionary<string, IReadOnlyList<string>> errors) => new()
    {
        Title = "Invalid request",
        Status = StatusCodes.Status400BadRequest,
        Detail = string.Join(" ", errors.Take(3).Select(e => $"{e.Key}: {e.Value[0]}")),
        Errors = errors,
    };

    /// <summary><c>$.jobs[3].timeout</c> as the API names it: <c>jobs[3].timeout</c>.</summary>
    private static string FieldOf(string? path) => path is null ? "" : path.TrimStart('$').TrimStart('.');
}
