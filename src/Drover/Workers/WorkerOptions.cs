using System.Collections.Immutable;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Workers;

/// <summary>How a <see cref="Worker"/> works.</summary>
public sealed record WorkerOptions
{
    /// <summary>The host's name, the first part of the worker's id.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>What tells the workers of one host apart; null when there is one. It must stay the same over restarts.</summary>
    public string? Name { get; init; }

    /// <summary>The worker's id: <c>HOST</c> or <c>HOST-NAME</c>.</summary>
    public string Id => Name is null ? Host : $"{Host}-{Name}";

    /// <summary>How many jobs run at once. 1 to 10,000.</summary>
    public int Slots { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>
    /// How many jobs more than <see cref="Slots"/> the worker may lease, which wait in it for a slot: 0 to 10,000. It lets tasks that take
    /// microseconds or a few milliseconds come in larger groups, and has its price: they count as running from their lease on, more urgent jobs that
    /// come meanwhile stand behind them, and they are lost with the worker. It never holds more of them than have ended within the last second;
    /// what has waited for <see cref="HeartbeatInterval"/>, or still waits when the worker drains, is handed back.
    /// </summary>
    public int LeaseAhead { get; init; }

    /// <summary>The queues it serves.</summary>
    public IReadOnlyList<QueueShare> Queues { get; init; } = [new(JobRules.DefaultQueue)];

    /// <summary>The labels it carries, <c>name=value</c> or <c>name</c>.</summary>
    public IReadOnlySet<string> Labels { get; init; } = ImmutableHashSet<string>.Empty;

    /// <summary>How often leases are renewed and the broker hears that the worker lives. Less than half a lease.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a lease lasts at the broker (<see cref="Brokers.BrokerOptions.LeaseDuration"/>): work that could not be renewed for so long is stopped.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long jobs in hand may go on when the worker is stopped. What is not done then is stopped.</summary>
    public TimeSpan GracefulShutdown { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time between two sends of a job's output. The first bytes after a pause go at once.</summary>
    public TimeSpan OutputFlushInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many bytes of an attempt's output are kept: the first half and the last. 4 KiB to 1 TiB.</summary>
    public long OutputMaxBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Throws when an option makes no sense.</summary>
    /// <exception cref="ArgumentException">Which, in one line.</exception>
    public void Validate()
    {
        if (Id.Length is 0 or > 200 || Id.Any(char.IsControl))
            throw new ArgumentException("The worker's id must be 1 to 200 characters without control characters.");
        if (Slots is < 1 or > 10_000)
            throw new ArgumentException($"A worker must have 1 to 10000 slots, not {Slots}.");
        if (LeaseAhead is < 0 or > 10_000)
            throw new ArgumentException($"A worker may lease 0 to 10000 jobs ahead, not {LeaseAhead}.");
        if (Queues.Count == 0 || Queues.Any(q => q.Weight < 1 || (q.Name != "*" && !JobValidator.IsQueueName(q.Name))))
            throw new ArgumentException("A worker must serve at least one queue, each with a valid name or '*' and a weight of at least 1.");
        if (HeartbeatInterval <= TimeSpan.Zero || HeartbeatInterval > Lease / 2)
            throw new ArgumentException($"The heartbeat must be more than zero and at most half the lease of {Lease}, not {HeartbeatInterval}.");
        if (GracefulShutdown < TimeSpan.Zero)
            throw new ArgumentException("The time for a graceful shutdown must not be negative.");
        if (OutputFlushInterval <= TimeSpan.Zero || OutputFlushInterval > TimeSpan.FromMinutes(1))
            throw new ArgumentException("The output's flush interval must be more than zero and at most a minute.");
        if (OutputMaxBytes is < 4096 or > 1L << 40)
            throw new ArgumentException("The output kept of an attempt must be 4 KiB to 1 TiB.");
    }
}
