namespace Drover.Server.Secrets;

internal static partial class Log
{
    [LoggerMessage(3200, LogLevel.Warning, "{Path} could be read by others; only its owner may now")]
    public static partial void KeyRingWasOpen(this ILogger log, string path);
}
