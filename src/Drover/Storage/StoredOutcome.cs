using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Jobs;

namespace Drover.Storage;

/// <summary>An outcome as those stores keep it that have no columns for it: JSON, times in ticks.</summary>
public static class StoredOutcome
{
    /// <summary>As it is stored.</summary>
    public static byte[] Write(AttemptOutcome outcome) => JsonSerializer.SerializeToUtf8Bytes(
        new StoredOutcomeBody(outcome.Kind, outcome.ExitCode, outcome.Signal, outcome.Reason, outcome.Error, outcome.Result?.ToArray(), outcome.NeverRetry,
            outcome.RetryIn?.Ticks, outcome.Unconfirmed, outcome.ConnectTime?.Ticks),
        StoredOutcomeJson.Default.StoredOutcomeBody);

    /// <summary>From what was stored.</summary>
    /// <exception cref="JsonException">It is no outcome.</exception>
    public static AttemptOutcome Read(ReadOnlySpan<byte> json)
    {
        var stored = JsonSerializer.Deserialize(json, StoredOutcomeJson.Default.StoredOutcomeBody)!;
        return new()
        {
            Kind = stored.Kind,
            ExitCode = stored.ExitCode,
            Signal = stored.Signal,
            Reason = stored.Reason,
            Error = stored.Error,
            // A plain conversion would make an empty result of none.
            Result = stored.Result is { } result ? (ReadOnlyMemory<byte>?)result : null,
            NeverRetry = stored.NeverRetry,
            RetryIn = stored.RetryIn is { } wait ? new TimeSpan(wait) : null,
            Unconfirmed = stored.Unconfirmed,
            ConnectTime = stored.Connect is { } connect ? new TimeSpan(connect) : null,
        };
    }
}

/// <summary>The JSON's shape.</summary>
internal sealed record StoredOutcomeBody(
    OutcomeKind Kind, int? ExitCode, string? Signal, string? Reason, string? Error, byte[]? Result, bool NeverRetry, long? RetryIn, bool Unconfirmed, long? Connect);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(StoredOutcomeBody))]
internal sealed partial class StoredOutcomeJson : JsonSerializerContext;
