using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Catalog;
using Drover.Storage;

namespace Drover.Schedules;

/// <summary>How a schedule stands in the catalog.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ScheduleDocument))]
internal sealed partial class ScheduleJson : JsonSerializerContext
{
    public static CatalogDocument Write(Schedule schedule)
    {
        var document = new ScheduleDocument
        {
            Cron = schedule.Cron,
            TimeZone = schedule.TimeZone,
            Job = System.Text.Json.JsonElement.Parse(SpecJson.Write(schedule.Job)),
            Payload = schedule.Job.Task?.Payload.ToArray(),
            CatchUp = schedule.CatchUp,
            Overlap = schedule.Overlap,
            JitterTicks = schedule.Jitter.Ticks,
            Paused = schedule.Paused,
            NextAt = schedule.NextAt,
            Due = schedule.Due,
            LastAt = schedule.LastAt,
            LastJobId = schedule.LastJobId,
            Skipped = schedule.Skipped,
            LastError = schedule.LastError,
            CreatedBy = schedule.CreatedBy,
            CreatedAt = schedule.CreatedAt,
            ChangedAt = schedule.ChangedAt,
        };
        return new(ScheduleCatalog.Kind, schedule.Id, schedule.Name, schedule.Version, JsonSerializer.SerializeToUtf8Bytes(document, Default.ScheduleDocument));
    }

    public static Schedule Read(CatalogDocument stored)
    {
        var document = JsonSerializer.Deserialize(stored.Json.Span, Default.ScheduleDocument)!;
        return new()
        {
            Id = stored.Id,
            Name = stored.Name,
            Version = stored.Version,
            Cron = document.Cron,
            TimeZone = document.TimeZone,
            Job = SpecJson.Read(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(document.Job), document.Payload),
            CatchUp = document.CatchUp,
            Overlap = document.Overlap,
            Jitter = TimeSpan.FromTicks(document.JitterTicks),
            Paused = document.Paused,
            NextAt = document.NextAt,
            Due = document.Due,
            LastAt = document.LastAt,
            LastJobId = document.LastJobId,
            Skipped = document.Skipped,
            LastError = document.LastError,
            CreatedBy = document.CreatedBy,
            CreatedAt = document.CreatedAt,
            ChangedAt = document.ChangedAt,
        };
    }
}

internal sealed record ScheduleDocument
{
    public required string Cron { get; init; }

    public required string TimeZone { get; init; }

    /// <summary>As <see cref="SpecJson"/> writes it.</summary>
    public required JsonElement Job { get; init; }

    public byte[]? Payload { get; init; }

    public CatchUpPolicy CatchUp { get; init; }

    public OverlapPolicy Overlap { get; init; }

    public long JitterTicks { get; init; }

    public bool Paused { get; init; }

    public DateTimeOffset? NextAt { get; init; }

    public DateTimeOffset? Due { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    public Guid? LastJobId { get; init; }

    public long Skipped { get; init; }

    public string? LastError { get; init; }

    public string? CreatedBy { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; init; }
}
