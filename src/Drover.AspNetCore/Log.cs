using Microsoft.Extensions.Logging;

namespace Drover.AspNetCore;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Calls of {Endpoint} are refused: nobody has said who may come in. Add .RequireAuthorization() to MapDrover.")]
    public static partial void Unguarded(this ILogger log, string? endpoint);
}
