using Drover.Server.Contracts;

namespace Drover.Cli.Client;

/// <summary>Drover answered that it cannot do what was asked. The message is for people, one line, and one for each field when several are wrong.</summary>
internal sealed class ApiException(int status, ProblemBody? problem) : Exception(TextOf(status, problem))
{
    public ApiException(int status, string detail)
        : this(status, new ProblemBody { Title = "", Status = status, Detail = detail })
    {
    }

    public int Status { get; } = status;

    /// <summary>Whether it is only this field that is wrong.</summary>
    public bool ConcernsOnly(string field) => problem?.Errors is { Count: 1 } errors && errors.ContainsKey(field);

    /// <summary>Whether what was asked for makes no sense, rather than cannot be done.</summary>
    public bool IsUsage => Status is 400 or 413 or 415 or 422;

    /// <summary>Whether the same call may succeed a little later: Drover starts, stops or is overloaded.</summary>
    public bool MayPass => Status is 502 or 503 or 504;

    private static string TextOf(int status, ProblemBody? problem)
    {
        if (problem is null)
            return $"Drover answered with HTTP status {status}.";
        var fields = (problem.Errors ?? new Dictionary<string, IReadOnlyList<string>>()).Select(e => $"{e.Key}: {string.Join(" ", e.Value)}").ToList();
        string first = fields.Count switch { 0 => problem.Detail ?? problem.Title, 1 => fields[0], _ => problem.Title + ":" };
        return fields.Count <= 1 ? first : string.Join('\n', fields.Select(field => "  " + field).Prepend(first));
    }
}

/// <summary>Drover cannot be reached.</summary>
/// <param name="message">Why, for people.</param>
/// <param name="wasSent">Whether the call may have been carried out: the connection broke before the answer came.</param>
internal sealed class UnreachableException(string message, bool wasSent) : Exception(message)
{
    public bool WasSent { get; } = wasSent;
}

/// <summary>The call makes no sense: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
