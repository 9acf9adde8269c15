using System.Text.Json.Serialization;
using Drover.Server.Auth;
using Drover.Server.Http;
using Drover.Server.Keys;
using Drover.Server.Secrets;
using Drover.Server.Servers;

namespace Drover.Server.Json;

/// <summary>How documents stand in the catalog. Fields may be added; unknown ones are ignored, so that a newer version's are no obstacle.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(ServerRecord))]
[JsonSerializable(typeof(StatusRecord))]
[JsonSerializable(typeof(KeyRecord))]
[JsonSerializable(typeof(Idempotency.Answer))]
[JsonSerializable(typeof(KeyRingMark))]
internal sealed partial class CatalogJson : JsonSerializerContext;
