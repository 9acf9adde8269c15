namespace Drover.Shell;

/// <summary>How jobs run on the worker's own machine.</summary>
public sealed record LocalOptions
{
    /// <summary>How jobs are ended.</summary>
    public ShellRunOptions Run { get; init; } = new();

    /// <summary>After how long a silent job's wrapper is asked for a sign of life. More than zero.</summary>
    public TimeSpan KeepaliveInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Environment variables of the worker that its jobs do not see, for they hold its secrets; a name may end in <c>*</c>.</summary>
    public IReadOnlyList<string> HiddenVariables { get; init; } = ["DROVER_*", "DATABASE_URL", "QUEUE_URL"];
}
