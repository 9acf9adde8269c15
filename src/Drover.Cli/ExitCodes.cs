namespace Drover.Cli;

/// <summary>What the program's exit code tells; a job's own code goes before these.</summary>
internal static class ExitCodes
{
    public const int Other = 1;

    public const int Usage = 2;

    /// <summary>EX_UNAVAILABLE of sysexits.h.</summary>
    public const int Unreachable = 69;

    /// <summary>As timeout(1) does.</summary>
    public const int TimedOut = 124;

    /// <summary>128 + SIGINT, as a shell reports an interrupted program.</summary>
    public const int Canceled = 130;

    /// <summary>128 + SIGPIPE, as a shell reports a program whose reader has left.</summary>
    public const int BrokenPipe = 141;
}
