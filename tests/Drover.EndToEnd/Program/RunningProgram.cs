using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>A process of the program with its output as it comes; killed at the end whatever happens.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    /// <summary>Far beyond what anything here takes, so that a hang is a failure and not a stop of the whole run.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly Capture _out;
    private readonly Capture _error;

    public RunningProgram(ProcessStartInfo start)
    {
        Process = Process.Start(start)!;
        Id = Process.Id;
        _out = new(Process.StandardOutput.BaseStream);
        _error = new(Process.StandardError.BaseStream);
    }

    public Process Process { get; }

    public int Id { get; }

    public bool Ended => Process.HasExited;

    public string Text => Encoding.UTF8.GetString(_out.Bytes);

    public string ErrorText => Encoding.UTF8.GetString(_error.Bytes);

    public async Task<Ended> EndAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await Process.WaitForExitAsync(deadline.Token);
            await Task.WhenAll(_out.Done, _error.Done).WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It did not end.\nstdout: {Text}\nstderr: {ErrorText}");
        }

        return new(Process.ExitCode, _out.Bytes, _error.Bytes);
    }

    /// <summary>Sends a signal: INT, TERM, KILL.</summary>
    public async Task SignalAsync(string name)
    {
        var (code, output) = await ShellHost.ToolAsync("kill", "-" + name, Id.ToString(CultureInfo.InvariantCulture));
        Assert.True(code == 0, output);
    }

    public Task PrintsAsync(string text) => Until.TrueAsync(() => Text.Contains(text, StringComparison.Ordinal) || Ended,
        () => $"'{text}' was not printed.\nstdout: {Text}\nstderr: {ErrorText}");

    /// <summary>Ends it at once, as a power cut would, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!Process.HasExited)
            Process.Kill();
        await Process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Process.Dispose();
    }

    private sealed class Capture
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Capture(Stream from) => Done = Task.Run(() => ReadAsync(from));

        public Task Done { get; }

        public byte[] Bytes
        {
            get
            {
                lock (_bytes)
                    return _bytes.WrittenSpan.ToArray();
            }
        }

        private async Task ReadAsync(Stream from)
        {
            byte[] buffer = new byte[64 * 1024];
            for (int read; (read = await from.ReadAsync(buffer)) > 0;)
            {
                lock (_bytes)
                    _bytes.Write(buffer.AsSpan(0, read));
            }
        }
    }
}
