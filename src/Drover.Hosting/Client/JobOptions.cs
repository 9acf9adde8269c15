using Drover.Jobs;

namespace Drover.Hosting;

/// <summary>How one job differs from others of its kind.</summary>
public sealed record JobOptions
{
    internal static JobOptions Usual { get; } = new();

    /// <summary>A name for people; null for none. At most 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>The queue; null for the kind's own.</summary>
    public string? Queue { get; init; }

    /// <summary>1 (first) to 10 (last).</summary>
    public int Priority { get; init; } = JobRules.DefaultPriority;

    /// <summary>Not before this long from now; null for at once. Excludes <see cref="RunAt"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Not before this time; null for at once. Excludes <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>While a job with this key is not finished, another is not created, unless <see cref="Unique"/> says otherwise; null for none.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>What <see cref="UniqueKey"/> means; null for the usual.</summary>
    public UniqueRule? Unique { get; init; }

    /// <summary>Jobs with this key share a limit; null for none. At most 100 characters.</summary>
    public string? LimitKey { get; init; }

    /// <summary>The job or batch it waits for before it starts; null for none. Excludes <see cref="RunAt"/>; a <see cref="Delay"/> counts from then.</summary>
    public JobAfter? After { get; init; }

    /// <summary>How often it may be tried in all; null for the kind's own.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How long one attempt may run, zero for no limit; null for the kind's own.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Words to find it by. At most 32, each at most 100 characters.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
}
