namespace Drover.Server.Contracts;

/// <summary>How many jobs with a limit key may run at once, and start in a time.</summary>
public sealed record LimitRequest
{
    /// <summary>How many may run at once; 0 parks them all. Not there for no such limit.</summary>
    public int? MaxRunning { get; init; }

    /// <summary>How many may start in a time. Not there for no such limit.</summary>
    public RateBody? Rate { get; init; }
}

/// <summary>How many jobs may start in a time.</summary>
public sealed record RateBody
{
    /// <summary>In any stretch of <c>per</c> no more than this; 1 to 100,000.</summary>
    public int? Count { get; init; }

    /// <summary>Seconds, 1 to 86400.</summary>
    public double? Per { get; init; }
}

/// <summary>A limit that is set.</summary>
public sealed record LimitResponse
{
    /// <summary><c>queue:NAME</c> for all jobs of a queue, <c>key:KEY</c> for tasks with that <c>limit_key</c>.</summary>
    public required string Key { get; init; }

    /// <summary>How many may run at once.</summary>
    public int? MaxRunning { get; init; }

    /// <summary>How many may start in a time.</summary>
    public RateBody? Rate { get; init; }
}

/// <summary>Limits.</summary>
public sealed record LimitListResponse
{
    /// <summary>The limits, by key.</summary>
    public required IReadOnlyList<LimitResponse> Items { get; init; }

    /// <summary>What to pass as <c>cursor</c> for the next page; not there on the last.</summary>
    public string? NextCursor { get; init; }
}
