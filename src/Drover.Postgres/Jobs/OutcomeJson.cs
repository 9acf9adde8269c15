using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Jobs;

namespace Drover.Postgres.Jobs;

/// <summary>An outcome as it is stored; times in ticks.</summary>
internal sealed record StoredOutcome(
    OutcomeKind Kind, int? ExitCode, string? Signal, string? Reason, string? Error, byte[]? Result, bool NeverRetry, long? RetryIn, bool Unconfirmed, long? Connect)
{
    public static byte[] Write(AttemptOutcome outcome) => JsonSerializer.SerializeToUtf8Bytes(
        new(outcome.Kind, outcome.ExitCode, outcome.Signal, outcome.Reason, outcome.Error, outcome.Result?.ToArray(), outcome.NeverRetry,
            outcome.RetryIn?.Ticks, outcome.Unconfirmed, outcome.ConnectTime?.Ticks),
        OutcomeJson.Default.StoredOutcome);

    public static AttemptOutcome Read(ReadOnlySpan<byte> json)
    {
        var stored = JsonSerializer.Deserialize(json, OutcomeJson.Default.StoredOutcome)!;
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

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(StoredOutcome))]
internal sealed partial class OutcomeJson : JsonSerializerContext;
