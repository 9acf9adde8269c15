namespace Drover.Server.Live;

internal static partial class Log
{
    [LoggerMessage(3300, LogLevel.Error, "The subscription to {Topic} ended with a fault")]
    public static partial void SubscriptionFailed(this ILogger log, Exception error, string topic);
}
