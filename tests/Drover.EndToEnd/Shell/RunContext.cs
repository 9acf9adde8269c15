using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.EndToEnd.Shell;

/// <summary>An attempt for tests: keeps what was printed, lets a test wait for a piece of it, stops on demand.</summary>
public sealed class RunContext(JobSpec spec, ExecutionTarget target) : Workers.ExecutionContext, IOutputSink, IDisposable
{
    private readonly object _gate = new();
    private readonly MemoryStream _stdout = new();
    private readonly MemoryStream _stderr = new();
    private readonly List<string> _notes = [];
    private readonly CancellationTokenSource _stop = new();
    private StopReason _reason;

    public override Lease Lease { get; } = new()
    {
        Token = new(Guid.NewGuid(), 1),
        Spec = spec,
        ReadyAt = TimeProvider.System.GetUtcNow(),
        StartedAt = TimeProvider.System.GetUtcNow(),
        FirstOutputSeq = 1,
        Target = target,
    };

    public override IOutputSink Output => this;

    public override CancellationToken Stop => _stop.Token;

    public override StopReason StopReason => _reason;

    public override TimeProvider Time => TimeProvider.System;

    /// <summary>What is pinned when a server shows its key for the first time; null pins what is shown.</summary>
    public HostKey? Pinned { get; set; }

    public HostKey? Reported { get; private set; }

    public byte[] Stdout => Locked(_stdout.ToArray);

    public byte[] Stderr => Locked(_stderr.ToArray);

    public string Text => System.Text.Encoding.UTF8.GetString(Stdout);

    public string ErrorText => System.Text.Encoding.UTF8.GetString(Stderr);

    public IReadOnlyList<string> Notes => Locked<IReadOnlyList<string>>(() => [.. _notes]);

    public void Cancel(StopReason reason = StopReason.Canceled)
    {
        _reason = reason;
        _stop.Cancel();
    }

    /// <summary>Waits until the job has printed this on stdout.</summary>
    public async Task PrintedAsync(string text) =>
        await Until.TrueAsync(() => Text.Contains(text, StringComparison.Ordinal), () => $"Not printed: {text}\nstdout: {Text}\nstderr: {ErrorText}");

    public override ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel)
    {
        Reported = shown;
        return ValueTask.FromResult(Pinned ?? shown);
    }

    public void Write(OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (stream == OutputStream.System)
                _notes.Add(System.Text.Encoding.UTF8.GetString(bytes));
            else
                (stream == OutputStream.Stdout ? _stdout : _stderr).Write(bytes);
        }
    }

    public void Dispose() => _stop.Dispose();

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }
}
