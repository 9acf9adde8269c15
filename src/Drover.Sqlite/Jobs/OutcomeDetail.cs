using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Jobs;

namespace Drover.Sqlite.Jobs;

/// <summary>What an outcome seldom has, as JSON in one column; a usual outcome has none of it.</summary>
internal sealed record OutcomeDetail(string? Signal, bool NeverRetry, long? RetryInTicks, bool Unconfirmed, long? ConnectTicks)
{
    public static byte[]? Write(AttemptOutcome outcome)
    {
        if (outcome is { Signal: null, NeverRetry: false, RetryIn: null, Unconfirmed: false, ConnectTime: null })
            return null;
        var detail = new OutcomeDetail(outcome.Signal, outcome.NeverRetry, outcome.RetryIn?.Ticks, outcome.Unconfirmed, outcome.ConnectTime?.Ticks);
        return JsonSerializer.SerializeToUtf8Bytes(detail, StoredJson.Default.OutcomeDetail);
    }

    public static OutcomeDetail? Read(ReadOnlySpan<byte> json) => json.IsEmpty ? null : JsonSerializer.Deserialize(json, StoredJson.Default.OutcomeDetail);
}

/// <summary>An answer to an enqueue, kept for its idempotency key.</summary>
internal sealed record StoredAnswer(IReadOnlyList<StoredAnswerJob> Jobs);

internal sealed record StoredAnswerJob(Guid Id, JobStatus Status, bool Duplicate);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(OutcomeDetail))]
[JsonSerializable(typeof(StoredAnswer))]
internal sealed partial class StoredJson : JsonSerializerContext;
