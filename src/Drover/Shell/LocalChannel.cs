using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace Drover.Shell;

/// <summary>
/// A process of this machine. One thread reads both outputs with poll(2), so that a background process that holds them
/// for ever holds no thread of ours.
/// </summary>
internal sealed partial class LocalChannel : IShellChannel
{
    private const short PollIn = 1, PollError = 8, PollHangup = 16;
    private const int LookUpMilliseconds = 500;

    private readonly Process _process;
    private readonly Stream _input;
    private readonly IShellOutput _output;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile bool _closed;

    public LocalChannel(Process process, IShellOutput output)
    {
        (_process, _input, _output) = (process, process.StandardInput.BaseStream, output);
        Completion = ReadToEndAsync();
    }

    public Task<ShellEnd> Completion { get; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
    {
        await _writing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await BlockingThreads.Run(() =>
            {
                _input.Write(bytes.Span);
                _input.Flush();
            }).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The process is gone.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Abort(string why) => _closed = true;

    public ValueTask DisposeAsync()
    {
        _closed = true;
        // Never waited for: a writer that the process does not read from may hold it.
        _ = BlockingThreads.Run(_input.Dispose).ContinueWith(static task => task.Exception, TaskScheduler.Default);
        return ValueTask.CompletedTask;
    }

    private async Task<ShellEnd> ReadToEndAsync()
    {
        try
        {
            await BlockingThreads.Run(ReadBoth).ConfigureAwait(false);
            if (!_closed)
                await _process.WaitForExitAsync().ConfigureAwait(false);
            int? code = _process.HasExited ? _process.ExitCode : null;
            return new(code, code is { } known ? ShellOutcomes.SignalOf(known) : null, _closed && code is null ? "the run was given up" : null);
        }
        finally
        {
            _process.StandardOutput.Close();
            _process.StandardError.Close();
            // Collects the process whenever it ends.
            _ = _process.WaitForExitAsync().ContinueWith(_ => _process.Dispose(), TaskScheduler.Default);
        }
    }

    private void ReadBoth()
    {
        Stream[] streams = [_process.StandardOutput.BaseStream, _process.StandardError.BaseStream];
        Span<PollEntry> entries = stackalloc PollEntry[2];
        for (int i = 0; i < 2; i++)
            entries[i] = new() { Descriptor = (int)((PipeStream)streams[i]).SafePipeHandle.DangerousGetHandle(), Events = PollIn };
        byte[] buffer = new byte[64 * 1024];
        while (!_closed && (entries[0].Descriptor >= 0 || entries[1].Descriptor >= 0))
        {
            if (Poll(ref entries[0], 2, LookUpMilliseconds) <= 0)
                continue;
            for (int i = 0; i < 2; i++)
            {
                if ((entries[i].Seen & (PollIn | PollHangup | PollError)) != 0 && !Read(streams[i], i, buffer))
                    entries[i].Descriptor = -1;
            }
        }
    }

    private bool Read(Stream stream, int index, byte[] buffer)
    {
        int count = stream.Read(buffer);
        if (count == 0)
            return false;
        if (index == 0)
            _output.Stdout(buffer.AsSpan(0, count));
        else
            _output.Stderr(buffer.AsSpan(0, count));
        return true;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>; a negative descriptor is skipped.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Seen;
    }
}
