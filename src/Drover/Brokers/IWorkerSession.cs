using System.Threading.Channels;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;

namespace Drover.Brokers;

/// <summary>A connected worker's side of the broker. Disposing says good-bye; a worker that vanishes without is found by its leases.</summary>
public interface IWorkerSession : IAsyncDisposable
{
    /// <summary>
    /// What the broker has to tell the worker at once. Completes when the session ends, with a
    /// <see cref="WorkerReplacedException"/> when another instance with the worker's id has connected.
    /// </summary>
    ChannelReader<WorkerSignal> Signals { get; }

    /// <summary>Waits until at least one job is ready for this worker, then leases up to <paramref name="max"/>. Empty only while draining or when the session has ended.</summary>
    ValueTask<IReadOnlyList<Lease>> LeaseAsync(int max, CancellationToken cancel = default);

    /// <summary>Prolongs the leases of jobs in hand, one answer for each; with none it is the heartbeat alone.</summary>
    ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.AppendOutputAsync"/>
    ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default);

    /// <inheritdoc cref="IJobStore.FinishAsync"/>
    ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default);

    /// <summary>
    /// Tells which host key a server without a pinned one has shown. Under <see cref="HostKeyPolicy.Tofu"/> the first
    /// report pins it.
    /// </summary>
    /// <returns>The key that is pinned now: the reported one, or the one that another was faster with.</returns>
    ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel = default);
}

/// <summary>Something a worker should do now.</summary>
/// <param name="Kind">What.</param>
/// <param name="Lease">For a cancel, which attempt.</param>
public readonly record struct WorkerSignal(WorkerSignalKind Kind, LeaseToken Lease = default);

/// <summary>What a worker should do.</summary>
public enum WorkerSignalKind : byte
{
    /// <summary>End an attempt.</summary>
    Cancel,

    /// <summary>Take no new jobs, finish those in hand, leave.</summary>
    Drain,
}
