using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Drover.Hosting;

/// <summary>What holds for every job of a kind unless the enqueue says otherwise.</summary>
/// <typeparam name="TJob">The payload's type.</typeparam>
public sealed class KindOptions<TJob>
{
    internal Dictionary<int, Func<ReadOnlyMemory<byte>, TJob>> Upgraders { get; } = [];

    /// <summary>The queue; <c>default</c> unless set.</summary>
    public string Queue { get; set; } = Jobs.JobRules.DefaultQueue;

    /// <summary>How long one attempt may run; zero for no limit. 300 s unless set.</summary>
    public TimeSpan Timeout { get; set; } = Jobs.JobRules.DefaultTimeout;

    /// <summary>What follows a failed attempt.</summary>
    public RetryPolicy Retry { get; set; } = RetryPolicy.Default;

    /// <summary>Says how a payload of an older version becomes one of today's.</summary>
    /// <param name="version">The older version, at least 1 and below the kind's own.</param>
    /// <param name="json">The older payload's type for JSON, from a source-generated context.</param>
    /// <param name="upgrade">Makes today's payload of the older one.</param>
    /// <exception cref="ArgumentException">There is an upgrader for this version already.</exception>
    public KindOptions<TJob> UpgradeFrom<TOld>(int version, JsonTypeInfo<TOld> json, Func<TOld, TJob> upgrade)
    {
        if (!Upgraders.TryAdd(version, bytes => upgrade(Payload.Read(bytes, json))))
            throw new ArgumentException($"There is an upgrader from version {version} already.", nameof(version));
        return this;
    }
}

internal static class Payload
{
    public static T Read<T>(ReadOnlyMemory<byte> bytes, JsonTypeInfo<T> json) =>
        JsonSerializer.Deserialize(bytes.Span, json) ?? throw new JsonException("The payload is null.");
}
