using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Bench.Ssh;

/// <summary>An attempt that counts its output and keeps none.</summary>
internal sealed class BenchContext(JobSpec spec, ExecutionTarget target) : Workers.ExecutionContext, IOutputSink
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public override Lease Lease { get; } = new()
    {
        Token = new(JobId.New(TimeProvider.System), 1),
        Spec = spec,
        FirstOutputSeq = 1,
        Target = target,
        ReadyAt = TimeProvider.System.GetUtcNow(),
        StartedAt = TimeProvider.System.GetUtcNow(),
    };

    public override IOutputSink Output => this;

    public override CancellationToken Stop => CancellationToken.None;

    public override StopReason StopReason => StopReason.None;

    public override TimeProvider Time => TimeProvider.System;

    public static JobSpec Command(string text) => new()
    {
        Kind = JobKind.Command,
        Shell = new() { ServerId = "s", ServerName = "s", Command = text },
    };

    public override ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel) => new(shown);

    public void Write(OutputStream stream, ReadOnlySpan<byte> bytes) => Interlocked.Add(ref _bytes, bytes.Length);
}
