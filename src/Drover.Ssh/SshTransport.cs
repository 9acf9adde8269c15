using Drover.Jobs;
using Drover.Servers;
using Drover.Shell;
using Renci.SshNet.Common;

namespace Drover.Ssh;

/// <summary>Starts commands on one server, over the pool.</summary>
internal sealed class SshTransport(SshPool pool, SshTarget target, PinHostKey pin) : IShellTransport
{
    // A server that allows n sessions teaches it within n refusals at most; more tries mean that something else is wrong.
    private const int MaxRefusals = 12;

    public TimeSpan KeepaliveInterval => pool.Options.KeepaliveInterval;

    public async ValueTask<IShellChannel> StartAsync(ShellCommand command, IShellOutput output, CancellationToken cancel = default)
    {
        SshServerPool server = pool.Of(target);
        for (int refusals = 0, losses = 0; ;)
        {
            SshConnection connection;
            try
            {
                connection = await server.RentAsync(pin, cancel).ConfigureAwait(false);
            }
            catch (SshFailedException e)
            {
                throw e.Failure.ToException();
            }

            bool used = connection.Proven;
            try
            {
                SshChannel channel = await StartAsync(connection, command, output, cancel).ConfigureAwait(false);
                connection.Proven = true;
                return channel;
            }
            catch (SshException e) when (e is not SshConnectionException and not SshOperationTimeoutException && connection.Usable)
            {
                bool learned = server.LearnSessions(connection);
                connection.ReleaseSession();
                if (!learned || ++refusals > MaxRefusals)
                    throw new ShellStartException(FailureReasons.PrepareFailed, $"{target.ServerName} refused to open a channel for the job (MaxSessions, or the account may not run commands): {e.Message}");
            }
            catch (Exception e) when (e is SshException or System.Net.Sockets.SocketException or ObjectDisposedException or InvalidOperationException or TimeoutException)
            {
                // Nothing of the job was sent yet, so a connection that died while idle is simply replaced.
                connection.GiveUp(e.Message);
                connection.ReleaseSession();
                if (!used || ++losses > 3)
                    throw new ShellStartException(FailureReasons.ConnectionLost, $"The connection to {target.ServerName} was lost before the job was started: {e.Message}");
            }
            catch
            {
                connection.ReleaseSession();
                throw;
            }
        }
    }

    private async Task<SshChannel> StartAsync(SshConnection connection, ShellCommand command, IShellOutput output, CancellationToken cancel)
    {
        Task<SshChannel> starting = BlockingThreads.Run(() => SshChannel.Start(connection, command, output, pool.Time));
        try
        {
            return await starting.WaitAsync(pool.Options.Run.AnswerTimeout, pool.Time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (starting.IsCompletedSuccessfully)
                return await starting.ConfigureAwait(false);
            // It cannot be interrupted. A connection with a channel in an unknown state is not used again.
            connection.GiveUp("a channel could not be opened in time");
            _ = starting.ContinueWith(static late => late.Exception, TaskScheduler.Default);
            throw;
        }
    }
}
