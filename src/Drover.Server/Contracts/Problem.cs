namespace Drover.Server.Contracts;

/// <summary>What went wrong (RFC 9457, <c>application/problem+json</c>).</summary>
public sealed record ProblemBody
{
    /// <summary>What kind of problem; <c>about:blank</c>: the status says it.</summary>
    public string Type { get; init; } = "about:blank";

    /// <summary>The kind in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened and what to do.</summary>
    public string? Detail { get; init; }

    /// <summary>For each wrong field the reasons.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors { get; init; }
}
