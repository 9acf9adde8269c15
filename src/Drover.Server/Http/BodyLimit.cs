using Microsoft.AspNetCore.Http.Metadata;

namespace Drover.Server.Http;

/// <summary>How large an endpoint's body may be.</summary>
internal sealed class BodyLimit(long? bytes) : IRequestSizeLimitMetadata
{
    /// <summary>Bodies of a few fields: 256 KiB.</summary>
    public static BodyLimit Small { get; } = new(256 * 1024);

    public long? MaxRequestBodySize => bytes;
}
