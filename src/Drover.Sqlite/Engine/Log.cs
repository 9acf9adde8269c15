using Microsoft.Extensions.Logging;

namespace Drover.Sqlite.Engine;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Error, "The database {Path} cannot be written; callers are told so until it can")]
    public static partial void CommitFailed(ILogger log, string path, Exception e);

    [LoggerMessage(2002, LogLevel.Information, "The database {Path} can be written again")]
    public static partial void Recovered(ILogger log, string path);

    [LoggerMessage(2003, LogLevel.Error, "A failed transaction on {Path} could not be rolled back")]
    public static partial void RollbackFailed(ILogger log, string path, Exception e);

    [LoggerMessage(2004, LogLevel.Critical, "The writer of {Path} has ended")]
    public static partial void WriterEnded(ILogger log, string path, Exception e);

    [LoggerMessage(2008, LogLevel.Critical, "A commit on {Path} could not be applied to memory; restart Drover")]
    public static partial void ApplyFailed(ILogger log, string path, Exception e);

    [LoggerMessage(2005, LogLevel.Information, "Opened {Path}: {Unfinished} unfinished jobs, {Running} of them running, in {Milliseconds} ms")]
    public static partial void Opened(ILogger log, string path, long unfinished, int running, long milliseconds);

    [LoggerMessage(2006, LogLevel.Information, "Loaded the history of {Path} in {Milliseconds} ms")]
    public static partial void HistoryLoaded(ILogger log, string path, long milliseconds);

    [LoggerMessage(2007, LogLevel.Error, "The history of {Path} could not be loaded; lists do not work")]
    public static partial void HistoryFailed(ILogger log, string path, Exception e);
}
