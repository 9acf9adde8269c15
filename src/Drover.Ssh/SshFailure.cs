using System.Net.Sockets;
using Drover.Jobs;
using Drover.Servers;
using Drover.Shell;
using Renci.SshNet.Common;

namespace Drover.Ssh;

/// <summary>Why a connect failed: the one place where retry or give up is decided.</summary>
/// <param name="Reason">One of <see cref="FailureReasons"/>.</param>
/// <param name="Message">For people.</param>
/// <param name="Transient">Another try soon may do better.</param>
/// <param name="Breaks">Another try would be held against us: nobody tries for a while.</param>
internal sealed record SshFailure(string Reason, string Message, bool Transient = false, bool Breaks = false)
{
    public ShellStartException ToException() => new(Reason, Message);

    public static SshFailure HostKeyChanged(SshTarget target, HostKey trusted, HostKey shown) => new(
        FailureReasons.HostKeyChanged,
        $"The host key of {target.ServerName} ({target.Host}:{target.Port}) has changed: trusted is {trusted.Type} {trusted.Fingerprint}, it now shows {shown.Type} {shown.Fingerprint}. "
        + "Either the server was set up anew or somebody stands in between; nothing was sent. If the new key is right, trust it and run the job again.",
        Breaks: true);

    public static SshFailure HostKeyUnknown(SshTarget target, HostKey shown) => new(
        FailureReasons.HostKeyUnknown,
        $"The host key of {target.ServerName} ({target.Host}:{target.Port}) is not known: it shows {shown.Type} {shown.Fingerprint}. The policy is strict, so it has to be trusted first.",
        Breaks: true);

    public static SshFailure TimedOut(SshTarget target, TimeSpan limit) => new(
        FailureReasons.ConnectFailed,
        $"{target.ServerName} ({target.Host}:{target.Port}) did not let us in within {limit.TotalSeconds:0.#} s: it accepts connections but does not answer, or the network drops them.");

    /// <summary>What an exception of a connect means.</summary>
    public static SshFailure Of(Exception e, SshTarget target)
    {
        string where = $"{target.ServerName} ({target.Host}:{target.Port})";
        return e switch
        {
            SshAuthenticationException => new(
                FailureReasons.AuthFailed, $"{where} refused the {(target.Credential.Password is null ? "key" : "password")} of user {target.User}: {e.Message}", Breaks: true),
            FormatException => new(FailureReasons.AuthFailed, $"The private key for {where} cannot be used: {e.Message}", Breaks: true),
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => new(FailureReasons.ConnectFailed, $"The name {target.Host} is not known."),
            SocketException { SocketErrorCode: SocketError.TimedOut } => new(FailureReasons.ConnectFailed, $"{where} could not be reached: {e.Message}."),
            SocketException => new(FailureReasons.ConnectFailed, $"{where} could not be reached: {e.Message}.", Transient: true),
            SshOperationTimeoutException => new(FailureReasons.ConnectFailed, $"{where} did not answer in time: {e.Message}"),
            SshConnectionException => new(FailureReasons.ConnectFailed, $"{where} closed the connection while we signed in: {e.Message}", Transient: true),
            SshException => new(FailureReasons.ConnectFailed, $"No SSH connection to {where}: {e.Message}"),
            _ => new(FailureReasons.ConnectFailed, $"No connection to {where}: {e.Message}", Transient: true),
        };
    }
}

/// <summary>A connect failed for a reason that is known.</summary>
internal sealed class SshFailedException(SshFailure failure) : Exception(failure.Message)
{
    public SshFailure Failure { get; } = failure;
}
