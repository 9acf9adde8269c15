using Drover.Storage;

namespace Drover.Brokers;

/// <summary>How a <see cref="Broker"/> works.</summary>
public sealed record BrokerOptions
{
    /// <summary>How long a lease lasts unless renewed, and how long a worker may be silent. At least a second.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long finished jobs are kept.</summary>
    public RetentionPolicy Retention { get; init; } = new(TimeSpan.FromDays(30), TimeSpan.FromDays(90));

    /// <summary>How often finished jobs are looked through for old ones.</summary>
    public TimeSpan RetainInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many old jobs are deleted at a time.</summary>
    public int RetainBatch { get; init; } = 500;

    /// <summary>How many due jobs are made ready at a time.</summary>
    public int PromoteBatch { get; init; } = 1000;

    /// <summary>How often leases and workers are looked through for lost ones.</summary>
    public TimeSpan ExpireInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many lost leases are ended at a time.</summary>
    public int ExpireBatch { get; init; } = 500;

    /// <summary>How often wall clock and monotonic clock are compared.</summary>
    public TimeSpan ClockInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Throws when an option makes no sense.</summary>
    /// <exception cref="ArgumentException">Which, in one line.</exception>
    public void Validate()
    {
        if (LeaseDuration < TimeSpan.FromSeconds(1) || LeaseDuration > TimeSpan.FromDays(1))
            throw new ArgumentException($"The lease must last 1 second to 1 day, not {LeaseDuration}.");
        if (Retention.Completed < TimeSpan.Zero || Retention.Failed < TimeSpan.Zero)
            throw new ArgumentException("The retention must not be negative.");
        if (RetainInterval <= TimeSpan.Zero || ExpireInterval <= TimeSpan.Zero || ClockInterval <= TimeSpan.Zero)
            throw new ArgumentException("The intervals of the broker's duties must be more than zero.");
        if (RetainBatch < 1 || PromoteBatch < 1 || ExpireBatch < 1)
            throw new ArgumentException("The batches of the broker's duties must be at least 1.");
    }
}
