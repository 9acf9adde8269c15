using Drover.Server.Contracts;

namespace Drover.Cli.Client;

/// <summary>Drover answered that it cannot do what was asked. The message is for people, one line and one more for each field.</summary>
internal sealed class ApiException(int status, ProblemBody? problem) : Exception(TextOf(status, problem))
{
    public int Status { get; } = status;

    private static string TextOf(int status, ProblemBody? problem)
    {
        if (problem is null)
            return $"Drover answered with HTTP status {status}.";
        var lines = new List<string> { problem.Detail ?? problem.Title };
        foreach (var (field, reasons) in problem.Errors ?? new Dictionary<string, IReadOnlyList<string>>())
            lines.Add($"  {field}: {string.Join(" ", reasons)}");
        return string.Join('\n', lines);
    }
}

/// <summary>Drover cannot be reached.</summary>
internal sealed class UnreachableException(string message) : Exception(message);

/// <summary>The call makes no sense: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
