using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Drover.Jobs;
using Drover.Servers;
using Drover.Shell;
using Microsoft.Extensions.Logging;
using Renci.SshNet;

namespace Drover.Ssh;

/// <summary>Tries a server out with a connection of its own. It always signs in: sshd from 9.8 on penalises those who connect and do not.</summary>
/// <param name="options">How servers are reached; nothing is tried again.</param>
/// <param name="time">The clock.</param>
/// <param name="logs">Where to log.</param>
public sealed class SshProbe(SshOptions options, TimeProvider time, ILoggerFactory logs) : IServerProbe, IAsyncDisposable
{
    private readonly SshPool _pool = new(options with { MaxRetries = 0 }, time, logs);

    /// <inheritdoc/>
    public async ValueTask<ProbeResult> ProbeAsync(ExecutionTarget target, CancellationToken cancel = default)
    {
        var steps = new Steps(time);
        if (target is SshTarget ssh)
            await TrySshAsync(ssh, steps, cancel).ConfigureAwait(false);
        else
            await TryLocalAsync(steps, cancel).ConfigureAwait(false);
        return steps.Result();
    }

    /// <summary>Closes the connections to jump servers.</summary>
    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private async Task TrySshAsync(SshTarget target, Steps steps, CancellationToken cancel)
    {
        // Behind a jump server the name is looked up there.
        if (target.Jump is null && !await FindNameAsync(target, steps, cancel).ConfigureAwait(false))
            return;
        var trace = new SshConnector.Trace
        {
            HostKeyShown = shown =>
            {
                steps.HostKey = shown;
                steps.Done("connect", $"{target.Host}:{target.Port}");
            },
            HostKeyAccepted = () => steps.Done("host_key", $"{steps.HostKey!.Type} {steps.HostKey.Fingerprint}"),
        };
        SshConnection connection;
        try
        {
            connection = await _pool.ConnectOnceAsync(target, static (_, shown, _) => ValueTask.FromResult(shown), trace, cancel).ConfigureAwait(false);
        }
        catch (SshFailedException e)
        {
            string step = e.Failure.Reason is FailureReasons.HostKeyChanged or FailureReasons.HostKeyUnknown ? "host_key"
                : e.Failure.Reason == FailureReasons.AuthFailed || steps.Has("host_key") ? "sign_in" : "connect";
            steps.Failed(step, e.Failure.Reason, e.Failure.Message);
            return;
        }

        steps.Done("sign_in", $"as {target.User}");
        await RunTrueAsync(connection, steps, cancel).ConfigureAwait(false);
        connection.GiveUp("the probe is over");
    }

    private static async Task<bool> FindNameAsync(SshTarget target, Steps steps, CancellationToken cancel)
    {
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(target.Host, cancel).ConfigureAwait(false);
            steps.Done("name", string.Join(", ", found.Select(address => address.ToString())));
            return true;
        }
        catch (SocketException e)
        {
            steps.Failed("name", FailureReasons.ConnectFailed, $"The name {target.Host} is not known: {e.Message}.");
            return false;
        }
    }

    private async Task RunTrueAsync(SshConnection connection, Steps steps, CancellationToken cancel)
    {
        try
        {
            int? code = await BlockingThreads.Run(() =>
            {
                using SshCommand command = connection.Client.CreateCommand("true");
                command.CommandTimeout = options.Run.AnswerTimeout;
                command.Execute();
                return command.ExitStatus;
            }).WaitAsync(options.Run.AnswerTimeout * 2, time, cancel).ConfigureAwait(false);
            if (code == 0)
                steps.Done("run", "true");
            else
                steps.Failed("run", FailureReasons.PrepareFailed, $"The command true ended with exit code {code}: the account may be limited to certain commands, or has no usable shell.");
        }
#pragma warning disable CA1031 // a probe reports whatever goes wrong
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            steps.Failed("run", FailureReasons.ConnectionLost, $"The command true could not be run: {e.Message}");
        }
    }

    private async Task TryLocalAsync(Steps steps, CancellationToken cancel)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "true"]))!;
            await process.WaitForExitAsync(cancel).WaitAsync(options.Run.AnswerTimeout, time, cancel).ConfigureAwait(false);
            steps.Done("run", "true");
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or TimeoutException)
        {
            steps.Failed("run", FailureReasons.PrepareFailed, $"/bin/sh could not be run: {e.Message}");
        }
    }

    private sealed class Steps(TimeProvider time)
    {
        private readonly List<ProbeStep> _steps = [];
        private readonly long _begin = time.GetTimestamp();
        private long _last = time.GetTimestamp();

        public HostKey? HostKey { get; set; }

        public bool Has(string name) => _steps.Exists(step => step.Name == name);

        public void Done(string name, string detail) => Add(new(name, true, default, null, detail));

        public void Failed(string name, string reason, string detail) => Add(new(name, false, default, reason, detail));

        public ProbeResult Result() => new(_steps.TrueForAll(step => step.Ok), _steps, HostKey, time.GetElapsedTime(_begin));

        private void Add(ProbeStep step)
        {
            _steps.Add(step with { Duration = time.GetElapsedTime(_last) });
            _last = time.GetTimestamp();
        }
    }
}
