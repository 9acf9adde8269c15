using System.Net;
using Drover.Servers;
using Drover.Shell;
using Renci.SshNet;

namespace Drover.Ssh;

/// <summary>A way through a jump server: a port on our loopback that leads to the target, over the jump server's pooled connection.</summary>
internal sealed class SshJump
{
    private readonly SshServerPool _pool;
    private readonly SshConnection _connection;
    private readonly ForwardedPortLocal _port;
    private string? _trouble;

    private SshJump(SshServerPool pool, SshConnection connection, ForwardedPortLocal port)
    {
        (_pool, _connection, _port) = (pool, connection, port);
        port.Exception += (_, e) => _trouble = e.Exception.Message;
    }

    public IPEndPoint Entrance => new(IPAddress.Loopback, (int)_port.BoundPort);

    /// <summary>What went wrong on the way, to be put behind its name; empty for nothing.</summary>
    public string Trouble => _trouble is null ? "" : ": " + _trouble;

    /// <summary>Opens it.</summary>
    /// <exception cref="SshFailedException">The jump server cannot be used.</exception>
    public static async Task<SshJump> OpenAsync(SshServerPool pool, SshTarget target, PinHostKey pin, CancellationToken cancel)
    {
        SshConnection connection = await pool.RentAsync(pin, cancel).ConfigureAwait(false);
        pool.Hold(connection);
        var port = new ForwardedPortLocal(IPAddress.Loopback.ToString(), 0, target.Host, (uint)target.Port);
        var way = new SshJump(pool, connection, port);
        try
        {
            await BlockingThreads.Run(() =>
            {
                connection.Client.AddForwardedPort(port);
                port.Start();
            }).ConfigureAwait(false);
            return way;
        }
#pragma warning disable CA1031 // the library throws several kinds when the connection has just gone; all mean the same here
        catch (Exception e)
#pragma warning restore CA1031
        {
            _ = BlockingThreads.Run(way.Close);
            throw new SshFailedException(SshFailure.Of(e, target));
        }
    }

    /// <summary>Closes it. Blocks for a while.</summary>
    public void Close()
    {
        try
        {
            _port.Dispose();
        }
        finally
        {
            _pool.ReleaseHold(_connection);
        }
    }
}
