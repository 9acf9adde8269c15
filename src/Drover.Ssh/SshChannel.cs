using Drover.Shell;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace Drover.Ssh;

/// <summary>A command on a channel of a pooled connection.</summary>
internal sealed class SshChannel : IShellChannel
{
    private static readonly TimeSpan RoomWait = TimeSpan.FromMilliseconds(2);

    private readonly SshConnection _connection;
    private readonly TimeProvider _time;
    private readonly SshCommand _command;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource<ShellEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    private SshChannel(SshConnection connection, SshCommand command, TimeProvider time) => (_connection, _command, _time) = (connection, command, time);

    public Task<ShellEnd> Completion => _ended.Task;

    /// <summary>Opens a channel and starts the command on it. Blocks until the server has answered.</summary>
    /// <exception cref="SshException">The server refused the channel.</exception>
    public static SshChannel Start(SshConnection connection, ShellCommand command, IShellOutput output, TimeProvider time)
    {
        SshCommand started = connection.Client.CreateCommand(CommandLine(command));
        SshInternals.SetOutput(started, new PushStream(output.Stdout));
        SshInternals.SetExtendedOutput(started, new PushStream(output.Stderr));
        var channel = new SshChannel(connection, started, time);
        try
        {
            if (command.Pty && !SshInternals.OpenWithTerminal(started))
                throw new ShellStartException(Jobs.FailureReasons.PrepareFailed, "The server gives no terminal (PermitTTY).", neverRetry: true);
            Task execution = started.ExecuteAsync(CancellationToken.None);
            _ = channel.FollowAsync(execution);
            connection.Lost.UnsafeRegister(static state => ((SshChannel)state!).EndAsLost(), channel);
            return channel;
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
    {
        await _writing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            byte[] all = bytes.ToArray();
            for (int sent = 0, waits = 0; sent < all.Length;)
            {
                int from = sent;
                int taken = await BlockingThreads.Run(() => SshInternals.SendNow(_command, all, from)).WaitAsync(cancel).ConfigureAwait(false)
                    ?? throw new IOException("The command has ended already.");
                sent += taken;
                waits = taken > 0 ? 0 : Math.Min(waits + 1, 5);
                if (taken == 0)
                    await Task.Delay(RoomWait * (1 << waits), _time, cancel).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SshException or ObjectDisposedException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            throw new IOException("The server no longer reads: " + e.Message, e);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Abort(string why) => _connection.GiveUp(why);

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return ValueTask.CompletedTask;
        // Closing waits for the server's answer, up to a second: not here. The place is free when it is done.
        _ = BlockingThreads.Run(() =>
        {
            try
            {
                _command.Dispose();
            }
            finally
            {
                _ended.TrySetResult(new(null, null, "the run was given up"));
                _connection.ReleaseSession();
            }
        }).ContinueWith(static task => task.Exception, TaskScheduler.Default);
        return ValueTask.CompletedTask;
    }

    private async Task FollowAsync(Task execution)
    {
        try
        {
            await execution.ConfigureAwait(false);
            _ended.TrySetResult(new(_command.ExitStatus, _command.ExitSignal, null));
        }
#pragma warning disable CA1031 // whatever the library throws here means that the connection is of no more use
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (Volatile.Read(ref _disposed) == 0)
                _connection.GiveUp(e.Message);
            EndAsLost();
        }
    }

    private void EndAsLost() => _ended.TrySetResult(new(null, null, _connection.LostBecause ?? "it was closed"));

    private static string CommandLine(ShellCommand command) => $"exec sh -c '{command.Text}' drover {string.Join(' ', command.Args)}";

    /// <summary>Hands on what the library writes, on its reading thread.</summary>
    private sealed class PushStream(PushStream.Sink sink) : Stream
    {
        public delegate void Sink(ReadOnlySpan<byte> bytes);

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => 0;

        public override long Position
        {
            get => 0;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => sink(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => sink(buffer);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
