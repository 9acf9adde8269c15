namespace Drover.Hosting;

/// <summary>What a program can make of the jobs that have not ended.</summary>
/// <param name="Types">One entry for each job type, by name.</param>
public sealed record JobCheckReport(IReadOnlyList<CheckedType> Types)
{
    /// <summary>Whether it can run them all.</summary>
    public bool IsOk => Types.All(type => type.Unreadable == 0);
}

/// <summary>The jobs of one type: of one version of a kind.</summary>
/// <param name="JobType">The kind's name, with its version when that is above 1: <c>send-email:2</c>.</param>
/// <param name="Jobs">How many have not ended.</param>
/// <param name="Unreadable">How many of them this program cannot run.</param>
/// <param name="Reason">Why the first of those cannot be run; null when all can.</param>
/// <param name="Examples">The ids of the first of those, at most five.</param>
public sealed record CheckedType(string JobType, long Jobs, long Unreadable, string? Reason, IReadOnlyList<Guid> Examples);
