using System.Collections.Concurrent;
using System.Net;
using Drover.Servers;
using Drover.Shell;
using Microsoft.Extensions.Logging;
using Renci.SshNet;

namespace Drover.Ssh;

/// <summary>
/// All connections, by server and revision. It makes new ones within the limits of sshd (few at once to one address,
/// transient failures tried again with growing waits) and closes those that nobody uses.
/// </summary>
internal sealed class SshPool : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, SshServerPool> _servers = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _doors = new();
    private readonly SemaphoreSlim _connects;
    private readonly CancellationTokenSource _down = new();
    private readonly SshConnector _connector;
    private readonly ITimer _sweeper;

    public SshPool(SshOptions options, TimeProvider time, ILoggerFactory logs)
    {
        (Options, Time) = (options, time);
        Logger = logs.CreateLogger("Drover.Ssh");
        _connects = new(options.ConnectsAtOnce);
        _connector = new(options, time);
        _sweeper = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    public SshOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public CancellationToken Down => _down.Token;

    public SshServerPool Of(SshTarget target) => _servers.GetOrAdd(KeyOf(target), static (_, arg) => new(arg.owner, arg.target), (owner: this, target));

    /// <summary>Makes a connection, trying again what may pass.</summary>
    /// <exception cref="SshFailedException">It failed for good.</exception>
    public async Task<SshConnection> ConnectAsync(SshTarget target, PinHostKey pin, CancellationToken cancel)
    {
        for (int tries = 0; ; tries++)
        {
            long begin = Time.GetTimestamp();
            try
            {
                SshConnection connection = await ConnectOnceAsync(target, pin, trace: null, cancel).ConfigureAwait(false);
                Log.Connected(Logger, target.ServerName, Time.GetElapsedTime(begin).TotalMilliseconds);
                return connection;
            }
            catch (SshFailedException e) when (e.Failure.Transient && tries < Options.MaxRetries)
            {
                TimeSpan wait = Options.RetryDelay * Math.Pow(2, tries) * (0.75 + Random.Shared.NextDouble() / 2);
                Log.ConnectRetried(Logger, target.ServerName, wait.TotalMilliseconds, e.Failure.Message);
                await Task.Delay(wait, Time, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes a connection, once, through the jump server if there is one.</summary>
    /// <exception cref="SshFailedException">It failed.</exception>
    public async Task<SshConnection> ConnectOnceAsync(SshTarget target, PinHostKey pin, SshConnector.Trace? trace, CancellationToken cancel)
    {
        if (target.Jump is not { } jump)
            return new(await ConnectThrottledAsync(target, null, pin, trace, cancel).ConfigureAwait(false), close: null);
        SshJump way = await SshJump.OpenAsync(Of(jump), target, pin, cancel).ConfigureAwait(false);
        try
        {
            return new(await ConnectThrottledAsync(target, way.Entrance, pin, trace, cancel).ConfigureAwait(false), way.Close);
        }
        catch (SshFailedException e)
        {
            _ = BlockingThreads.Run(way.Close);
            throw new SshFailedException(e.Failure with { Message = $"{e.Failure.Message} (through {jump.ServerName}{way.Trouble})" });
        }
        catch (OperationCanceledException)
        {
            _ = BlockingThreads.Run(way.Close);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _down.CancelAsync().ConfigureAwait(false);
        await _sweeper.DisposeAsync().ConfigureAwait(false);
        foreach (SshServerPool server in _servers.Values)
            server.CloseAll();
    }

    private async Task<SshClient> ConnectThrottledAsync(SshTarget target, IPEndPoint? through, PinHostKey pin, SshConnector.Trace? trace, CancellationToken cancel)
    {
        // By address, not by server: sshd counts connects that have not signed in, whoever makes them.
        SemaphoreSlim door = _doors.GetOrAdd($"{target.Jump?.ServerId}>{target.Host}:{target.Port}", _ => new(Options.ConnectsPerServer));
        await door.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await _connects.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                return await _connector.ConnectAsync(target, through, pin, trace, cancel).ConfigureAwait(false);
            }
            finally
            {
                _connects.Release();
            }
        }
        finally
        {
            door.Release();
        }
    }

    private void Sweep()
    {
        foreach ((string key, SshServerPool server) in _servers)
        {
            if (server.Sweep())
                _servers.TryRemove(new(key, server));
        }
    }

    private static string KeyOf(SshTarget target) =>
        $"{target.ServerId}@{target.Revision}" + (target.Jump is { } jump ? ">" + KeyOf(jump) : "");
}
