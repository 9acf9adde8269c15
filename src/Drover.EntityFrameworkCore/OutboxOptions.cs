namespace Drover.EntityFrameworkCore;

/// <summary>How an outbox is relayed.</summary>
public sealed record OutboxOptions
{
    /// <summary>How often a relay looks at least; what this process saved wakes it.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a relay that was killed keeps others from its rows; longer than one batch takes.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many rows are handed on at once; 1 to 1000.</summary>
    public int Batch { get; init; } = 200;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Interval, TimeSpan.Zero, nameof(Interval));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Lease, TimeSpan.Zero, nameof(Lease));
        ArgumentOutOfRangeException.ThrowIfLessThan(Batch, 1, nameof(Batch));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Batch, 1000, nameof(Batch));
    }
}
