using System.Text.Json.Serialization;

namespace Drover.Server.Secrets;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(KeyRing.Ring))]
internal sealed partial class KeyRingJson : JsonSerializerContext;
