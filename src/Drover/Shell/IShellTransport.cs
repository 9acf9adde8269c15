namespace Drover.Shell;

/// <summary>A place where commands can be started: this machine, or a server behind an SSH connection.</summary>
public interface IShellTransport
{
    /// <summary>Starts one.</summary>
    /// <exception cref="ShellStartException">It could not be started.</exception>
    ValueTask<IShellChannel> StartAsync(ShellCommand command, IShellOutput output, CancellationToken cancel = default);

    /// <summary>How often a silent command is asked for a sign of life.</summary>
    TimeSpan KeepaliveInterval { get; }
}

/// <summary>What to start: <c>sh -c TEXT drover ARGS…</c>.</summary>
/// <param name="Text">The shell text; holds no single quote and no line break.</param>
/// <param name="Args">Plain words.</param>
/// <param name="Pty">Whether it gets a terminal.</param>
public sealed record ShellCommand(string Text, IReadOnlyList<string> Args, bool Pty);

/// <summary>Takes output as it arrives, on whatever thread reads it; must not block for long.</summary>
public interface IShellOutput
{
    /// <summary>Bytes of the standard output.</summary>
    void Stdout(ReadOnlySpan<byte> bytes);

    /// <summary>Bytes of the standard error.</summary>
    void Stderr(ReadOnlySpan<byte> bytes);
}

/// <summary>A started command. Disposing closes its stdin and stops reading; it does not wait.</summary>
public interface IShellChannel : IAsyncDisposable
{
    /// <summary>Writes to its standard input. Several callers are served one after the other.</summary>
    /// <exception cref="IOException">The command no longer reads.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default);

    /// <summary>Completes, never fails, when it has ended and all its output was delivered, or when the connection is lost.</summary>
    Task<ShellEnd> Completion { get; }

    /// <summary>Gives the whole connection up, for it answers no more: every channel on it ends as lost.</summary>
    void Abort(string why);
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code; null when unknown.</param>
/// <param name="Signal">The signal that ended it, without <c>SIG</c>; null for none.</param>
/// <param name="LostBecause">Why the connection was lost; null when it was not.</param>
public sealed record ShellEnd(int? ExitCode, string? Signal, string? LostBecause);

/// <summary>A command could not be started.</summary>
/// <param name="reason">One of <see cref="Jobs.FailureReasons"/>.</param>
/// <param name="message">Why, for people.</param>
/// <param name="neverRetry">Whether another try would end the same.</param>
public sealed class ShellStartException(string reason, string message, bool neverRetry = false) : Exception(message)
{
    /// <summary>One of <see cref="Jobs.FailureReasons"/>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Whether another try would end the same.</summary>
    public bool NeverRetry { get; } = neverRetry;
}
