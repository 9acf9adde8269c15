using Drover.NetQueue.Protocol;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue.Server;

internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "The queue server listens on {Endpoint}; its certificate's fingerprint is {Fingerprint}.")]
    public static partial void Listening(ILogger logger, string endpoint, string fingerprint);

    [LoggerMessage(4002, LogLevel.Debug, "{Name} ({Software}) connected from {Origin}.")]
    public static partial void Connected(ILogger logger, string name, string software, string origin);

    [LoggerMessage(4003, LogLevel.Warning, "The connection from {Origin} is closed: {Code}: {Reason}")]
    public static partial void Closed(ILogger logger, string origin, ErrorCode code, string reason);

    [LoggerMessage(4004, LogLevel.Information, "Worker {WorkerId} is attached from {Origin} (taken up again: {Resumed}).")]
    public static partial void Attached(ILogger logger, string workerId, string origin, bool resumed);

    [LoggerMessage(4005, LogLevel.Warning, "Worker {WorkerId} lost its connection; it is expected back within {Hold}.")]
    public static partial void Away(ILogger logger, string workerId, TimeSpan hold);

    [LoggerMessage(4006, LogLevel.Warning, "Worker {WorkerId} did not come back.")]
    public static partial void Gone(ILogger logger, string workerId);

    [LoggerMessage(4007, LogLevel.Error, "A {Type} request from {Origin} failed.")]
    public static partial void Failed(ILogger logger, Exception exception, FrameType type, string origin);

    [LoggerMessage(4008, LogLevel.Error, "The connection from {Origin} failed.")]
    public static partial void ConnectionFailed(ILogger logger, Exception exception, string origin);

    [LoggerMessage(4009, LogLevel.Warning, "{Count} jobs that worker {WorkerId} was not told of are handed back.")]
    public static partial void HandedBack(ILogger logger, int count, string workerId);
}
