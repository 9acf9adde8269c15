using Drover.Storage;

namespace Drover.Redis;

/// <summary>Where and how the Redis store keeps its data.</summary>
public sealed record RedisOptions
{
    /// <summary>
    /// <c>redis://[user:password@]host[:port][/database]</c>, with <c>rediss</c> for TLS, or a connection string of
    /// StackExchange.Redis: <c>host:port,host:port,serviceName=NAME</c> for Sentinel, several hosts for a cluster.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>What tells this Drover's keys from others' in the same Redis; all its keys begin with <c>{drover:PREFIX}</c>. Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</summary>
    public string Prefix { get; init; } = "main";

    /// <summary>How queues behave.</summary>
    public QueueOptions Queues { get; init; } = new();
}
