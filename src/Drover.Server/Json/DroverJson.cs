using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Server.Contracts;

namespace Drover.Server.Json;

/// <summary>
/// How everything on the HTTP side is written and read: snake_case, numbers as numbers, enums as words, unknown and
/// repeated members refused, nulls left out. Clients in .NET can use it for the contracts as well.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    NumberHandling = JsonNumberHandling.Strict,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    Converters =
    [
        typeof(TimeConverter), typeof(FiniteConverter), typeof(JobArgsConverter),
        typeof(WordConverter<JobStatus>), typeof(WordConverter<JobKind>), typeof(WordConverter<BackoffKind>),
        typeof(WordConverter<WorkerLostPolicy>), typeof(WordConverter<OutcomeKind>), typeof(WordConverter<LogStream>),
        typeof(WordConverter<JobAction>), typeof(WordConverter<ServerAuthType>), typeof(WordConverter<ServerKind>),
        typeof(WordConverter<LiveOp>), typeof(WordConverter<CatchUpPolicy>), typeof(WordConverter<OverlapPolicy>), typeof(WordConverter<HealthState>),
        typeof(WordConverter<AfterOutcome>), typeof(WordConverter<UniqueUntil>), typeof(WordConverter<UniqueConflict>),
    ])]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(JobBulkRequest))]
[JsonSerializable(typeof(JobBulkResponse))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(BatchResponse))]
[JsonSerializable(typeof(BatchCancelResponse))]
[JsonSerializable(typeof(JobUpdateRequest))]
[JsonSerializable(typeof(JobDuplicateRequest))]
[JsonSerializable(typeof(JobActionRequest))]
[JsonSerializable(typeof(JobActionResponse))]
[JsonSerializable(typeof(JobResponse))]
[JsonSerializable(typeof(JobSummary))]
[JsonSerializable(typeof(JobListResponse))]
[JsonSerializable(typeof(JobCountsResponse))]
[JsonSerializable(typeof(LogPageResponse))]
[JsonSerializable(typeof(LogEndResponse))]
[JsonSerializable(typeof(ServerRequest))]
[JsonSerializable(typeof(ServerResponse))]
[JsonSerializable(typeof(ServerListResponse))]
[JsonSerializable(typeof(ServerTestResponse))]
[JsonSerializable(typeof(ServerStatusResponse))]
[JsonSerializable(typeof(ServerStatusListResponse))]
[JsonSerializable(typeof(ServerBulkStatusRequest))]
[JsonSerializable(typeof(HostKeyRequest))]
[JsonSerializable(typeof(KeyResponse))]
[JsonSerializable(typeof(KeyListResponse))]
[JsonSerializable(typeof(KeyRotationResponse))]
[JsonSerializable(typeof(ScheduleRequest))]
[JsonSerializable(typeof(ScheduleResponse))]
[JsonSerializable(typeof(ScheduleListResponse))]
[JsonSerializable(typeof(SchedulePreviewRequest))]
[JsonSerializable(typeof(ScheduleTimesResponse))]
[JsonSerializable(typeof(QueueResponse))]
[JsonSerializable(typeof(QueueListResponse))]
[JsonSerializable(typeof(QueueStatsResponse))]
[JsonSerializable(typeof(ProgressBody))]
[JsonSerializable(typeof(LimitRequest))]
[JsonSerializable(typeof(LimitResponse))]
[JsonSerializable(typeof(LimitListResponse))]
[JsonSerializable(typeof(WorkerResponse))]
[JsonSerializable(typeof(WorkerListResponse))]
[JsonSerializable(typeof(WorkerStatsResponse))]
[JsonSerializable(typeof(SystemInfoResponse))]
[JsonSerializable(typeof(SettingListResponse))]
[JsonSerializable(typeof(SystemEnhancedResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(SessionResponse))]
[JsonSerializable(typeof(LiveRequest))]
[JsonSerializable(typeof(SubjectData))]
public sealed partial class DroverJson : JsonSerializerContext
{
    /// <summary>The same, writing text of other languages as it is; the type information of all contracts is in it.</summary>
    public static DroverJson Api => Made.Api;

    // In a class of its own, since the order in which a type's static members begin is not that of its parts.
    private static class Made
    {
        public static readonly DroverJson Api = new(new JsonSerializerOptions(Default.GeneratedSerializerOptions!)
        {
            // JSON is never put into HTML here: it is served as application/json with nosniff.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
    }
}
