using System.Net;
using System.Text;
using Drover.Servers;
using Drover.Shell;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace Drover.Ssh;

/// <summary>Asks for the pinning of a first-seen host key; answers the pinned one.</summary>
internal delegate ValueTask<HostKey> PinHostKey(string serverId, HostKey shown, CancellationToken cancel);

/// <summary>Makes one connection: connects, checks the host key, signs in, within one deadline.</summary>
/// <param name="options">How.</param>
/// <param name="time">The clock.</param>
internal sealed class SshConnector(SshOptions options, TimeProvider time)
{
    /// <summary>Told of each step; for the probe.</summary>
    internal sealed class Trace
    {
        public Action<HostKey>? HostKeyShown { get; init; }

        public Action? HostKeyAccepted { get; init; }
    }

    /// <summary>Connects and signs in.</summary>
    /// <param name="target">The server.</param>
    /// <param name="through">Where to connect to instead of the target's own address: our end of a jump.</param>
    /// <param name="pin">Pins a first-seen key.</param>
    /// <param name="trace">Is told of the steps; null for nobody.</param>
    /// <param name="cancel">Gives up; the blocking part is left to end behind.</param>
    /// <returns>The client, and a task that ends when no thread is busy with this connect any more.</returns>
    /// <exception cref="SshFailedException">It failed, and why.</exception>
    public async Task<SshClient> ConnectAsync(SshTarget target, IPEndPoint? through, PinHostKey pin, Trace? trace, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.ConnectionTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        var attempt = new Attempt(options, target, through, pin, trace, both.Token);
        Task<SshClient> connecting = BlockingThreads.Run(attempt.Connect);
        try
        {
            return await connecting.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The library cannot be interrupted: when it comes back after all, what it brings is thrown away.
            _ = connecting.ContinueWith(static late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            _ = connecting.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            cancel.ThrowIfCancellationRequested();
            throw new SshFailedException(SshFailure.TimedOut(target, options.ConnectionTimeout));
        }
    }

    private sealed class Attempt(SshOptions options, SshTarget target, IPEndPoint? through, PinHostKey pin, Trace? trace, CancellationToken cancel)
    {
        private SshFailure? _refusal;

        public SshClient Connect()
        {
            SshClient? client = null;
            try
            {
                client = new SshClient(Describe());
                client.HostKeyReceived += CheckHostKey;
                client.Connect();
                return client;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                client?.Dispose();
                throw new SshFailedException(_refusal ?? SshFailure.Of(e, target));
            }
        }

        private ConnectionInfo Describe()
        {
            var info = new ConnectionInfo(
                through?.Address.ToString() ?? target.Host, through?.Port ?? target.Port, target.User, [.. Methods()])
            {
                Timeout = options.ConnectionTimeout,
                // One refusal is an answer: the pool learns from it how many sessions this server allows.
                RetryAttempts = 1,
                MaxSessions = 10_000,
            };
            PutFirst(info.Encryptions, ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]);
            if (options.KeyExchange == SshKeyExchange.Curve25519)
                PutFirst(info.KeyExchangeAlgorithms, ["curve25519-sha256", "curve25519-sha256@libssh.org"]);
            foreach (string certificate in info.HostKeyAlgorithms.Keys.Where(name => name.Contains("-cert-", StringComparison.Ordinal)).ToList())
                info.HostKeyAlgorithms.Remove(certificate);
            // A server has several keys; it should show the one that is trusted.
            if (target.HostKey is { } trusted)
                PutFirst(info.HostKeyAlgorithms, trusted.Type == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [trusted.Type]);
            return info;
        }

        private IEnumerable<AuthenticationMethod> Methods()
        {
            if (target.Credential.PrivateKey is { } key)
            {
                yield return new PrivateKeyAuthenticationMethod(target.User, SshKeys.Load(key, target.Credential.Passphrase));
                yield break;
            }

            string password = target.Credential.Password ?? throw new FormatException("neither a key nor a password is stored");
            yield return new PasswordAuthenticationMethod(target.User, password);
            // Some servers ask for the password only in this way (PAM).
            var asked = new KeyboardInteractiveAuthenticationMethod(target.User);
            asked.AuthenticationPrompt += (_, e) =>
            {
                foreach (AuthenticationPrompt prompt in e.Prompts.Where(prompt => !prompt.IsEchoed))
                    prompt.Response = password;
            };
            yield return asked;
        }

        // Runs on the library's reading thread, which is ours alone until this connection is made.
        private void CheckHostKey(object? sender, HostKeyEventArgs e)
        {
            e.CanTrust = false;
            var shown = new HostKey(Encoding.ASCII.GetString(new WireReader(e.HostKey).Next().Span), Convert.ToBase64String(e.HostKey));
            trace?.HostKeyShown?.Invoke(shown);
            try
            {
                _refusal = Judge(shown);
            }
#pragma warning disable CA1031 // whatever went wrong while pinning, the key is not trusted
            catch (Exception failed)
#pragma warning restore CA1031
            {
                _refusal = new(Jobs.FailureReasons.HostKeyUnknown, $"The host key of {target.ServerName} could not be pinned: {failed.Message}", Transient: true);
            }

            e.CanTrust = _refusal is null;
            if (e.CanTrust)
                trace?.HostKeyAccepted?.Invoke();
        }

        private SshFailure? Judge(HostKey shown)
        {
            if (target.HostKeyPolicy == HostKeyPolicy.Off)
                return null;
            if (target.HostKey is { } trusted)
                return trusted.Blob == shown.Blob ? null : SshFailure.HostKeyChanged(target, trusted, shown);
            if (target.HostKeyPolicy == HostKeyPolicy.Strict)
                return SshFailure.HostKeyUnknown(target, shown);
            HostKey pinned = pin(target.ServerId, shown, cancel).AsTask().GetAwaiter().GetResult();
            return pinned.Blob == shown.Blob ? null : SshFailure.HostKeyChanged(target, pinned, shown);
        }

        private static void PutFirst<T>(IOrderedDictionary<string, T> choices, string[] names)
        {
            int place = 0;
            foreach (string name in names)
            {
                if (!choices.TryGetValue(name, out T? value))
                    continue;
                choices.Remove(name);
                choices.Insert(place++, name, value);
            }
        }
    }
}
