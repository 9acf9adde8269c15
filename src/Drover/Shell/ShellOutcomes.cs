using Drover.Jobs;

namespace Drover.Shell;

/// <summary>Turns what was seen of a run into its outcome.</summary>
internal static class ShellOutcomes
{
    private static readonly Dictionary<int, string> SignalNames = new()
    {
        [1] = "HUP",
        [2] = "INT",
        [3] = "QUIT",
        [4] = "ILL",
        [5] = "TRAP",
        [6] = "ABRT",
        [7] = "BUS",
        [8] = "FPE",
        [9] = "KILL",
        [10] = "USR1",
        [11] = "SEGV",
        [12] = "USR2",
        [13] = "PIPE",
        [14] = "ALRM",
        [15] = "TERM",
        [24] = "XCPU",
        [25] = "XFSZ",
    };

    /// <summary>The signal a shell means by an exit code above 128; null for none.</summary>
    public static string? SignalOf(int exitCode) => SignalNames.GetValueOrDefault(exitCode - 128);

    /// <summary>A job that ended by itself.</summary>
    public static AttemptOutcome Exited(int exitCode) => SignalOf(exitCode) is { } signal
        ? new()
        {
            Kind = OutcomeKind.Failed,
            ExitCode = exitCode,
            Signal = signal,
            Reason = FailureReasons.Signal,
            Error = $"The process was ended by the signal {signal} (exit code {exitCode}).",
        }
        : exitCode switch
        {
            126 => AttemptOutcome.Exited(exitCode) with { Error = "Exit code 126: the program could not be executed, or the working directory could not be entered." },
            127 => AttemptOutcome.Exited(exitCode) with { Error = "Exit code 127: the program or the interpreter was not found." },
            _ => AttemptOutcome.Exited(exitCode),
        };

    /// <summary>A job that was ended from here.</summary>
    /// <param name="kind">Canceled or timed out.</param>
    /// <param name="reason">Why it was ended.</param>
    /// <param name="error">The same for people.</param>
    /// <param name="doubt">Why its end could not be confirmed; null when it was.</param>
    /// <param name="exitCode">Its exit code, if it told one.</param>
    public static AttemptOutcome Ended(OutcomeKind kind, string reason, string error, string? doubt, int? exitCode) => new()
    {
        Kind = kind,
        Reason = doubt is null ? reason : FailureReasons.CancelUnconfirmed,
        Error = doubt is null ? error : $"{error} {doubt}",
        Unconfirmed = doubt is not null,
        ExitCode = exitCode,
        Signal = exitCode is { } code ? SignalOf(code) : null,
    };
}
