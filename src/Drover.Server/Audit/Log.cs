namespace Drover.Server.Audit;

internal static partial class Log
{
    [LoggerMessage(3100, LogLevel.Warning, "{Count} audit events wait, the store cannot work: {Reason}")]
    public static partial void AuditDelayed(this ILogger log, int count, string reason);

    [LoggerMessage(3101, LogLevel.Error, "{Count} audit events could not be written and are lost")]
    public static partial void AuditLost(this ILogger log, Exception error, int count);

    [LoggerMessage(3102, LogLevel.Warning, "The audit event {Action} {Subject} came after the end and is lost")]
    public static partial void AuditClosed(this ILogger log, string action, string? subject);
}
