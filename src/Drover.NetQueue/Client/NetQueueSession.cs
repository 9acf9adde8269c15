using System.Threading.Channels;
using Drover.Brokers;
using Drover.Jobs;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue.Client;

/// <summary>A worker's session over the wire, on a connection of its own so that no listing holds up a renewal.</summary>
internal sealed class NetQueueSession : IWorkerSession
{
    private const int MaxSignals = 10_000;
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(2);

    private readonly WorkerDescription _worker;
    private readonly TimeProvider _time;
    private readonly Link _link;
    private readonly SemaphoreSlim _leasing = new(1, 1);
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The oldest falls out when nobody reads: a cancel is told again with the next renewal.</summary>
    private readonly Channel<WorkerSignal> _signals = Channel.CreateBounded<WorkerSignal>(new BoundedChannelOptions(MaxSignals) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Leases that came after their caller had given up; the next caller gets them, and until then they are renewed here.</summary>
    private readonly List<Lease> _kept = [];

    /// <summary>The leases that reached this worker and whose end the server has not yet taken.</summary>
    private readonly HashSet<LeaseToken> _inHand = [];

    private Pending<IReadOnlyList<Lease>>? _withdrawn;
    private volatile bool _replaced;
    private int _disposed;

    public NetQueueSession(WorkerDescription worker, NetQueueClientOptions options, TimeProvider time, ILogger logger, EventSeq seq)
    {
        _worker = worker;
        _time = time;
        _link = new(options, time, logger, seq, AttachAsync, OnPush) { OnRefused = OnRefused };
        _link.Start();
    }

    public ChannelReader<WorkerSignal> Signals => _signals.Reader;

    /// <summary>Done when the server has taken the worker for the first time.</summary>
    public Task AttachedAsync() => _attached.Task;

    public async ValueTask<IReadOnlyList<Lease>> LeaseAsync(int max, CancellationToken cancel = default)
    {
        await _leasing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_replaced)
                return [];
            if (await KeptAsync(max, cancel).ConfigureAwait(false) is { } kept)
                return kept;
            var request = await _link.BeginPatientAsync(FrameType.Lease, max, static (w, max) => w.Int(max), ReadLeases, cancel).ConfigureAwait(false);
            return await AnswerAsync(request, cancel).ConfigureAwait(false);
        }
        finally
        {
            _leasing.Release();
        }
    }

    public async ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, CancellationToken cancel = default)
    {
        List<LeaseToken> all = [.. leases];
        lock (_kept)
            all.AddRange(_kept.Select(lease => lease.Token));
        try
        {
            var results = await _link.RequestAsync(FrameType.Renew, all, WorkerMessages.WriteTokens, WorkerMessages.ReadRenewed, cancel).ConfigureAwait(false);
            PutDown(all.Where((_, n) => !results[n].Held));
            return results.Count == leases.Count ? results : [.. results.Take(leases.Count)];
        }
        catch (NetQueueException) when (_replaced)
        {
            return [.. leases.Select(_ => new RenewResult(Held: false, CancelRequested: false))];
        }
    }

    /// <summary>Leases what is ready now; empty when nothing is.</summary>
    public async ValueTask<IReadOnlyList<Lease>> TryLeaseAsync(int max)
    {
        // The server looks once before it waits, and only the waiting can be withdrawn.
        var request = await _link.BeginPatientAsync(FrameType.Lease, max, static (w, max) => w.Int(max), ReadLeases, CancellationToken.None).ConfigureAwait(false);
        _link.Withdraw(request);
        return await request.Task.ConfigureAwait(false);
    }

    public async ValueTask<bool> AppendOutputAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default)
    {
        try
        {
            return await _link.RequestAsync(
                FrameType.Output, (lease, entries, trim), static (w, x) => OutputMessages.WriteAppend(w, x.lease, x.entries, x.trim),
                static (ref BodyReader r) => r.Bool(), cancel, tellsSeq: true).ConfigureAwait(false);
        }
        catch (NetQueueException) when (_replaced)
        {
            return false;
        }
    }

    public async ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default)
    {
        try
        {
            var changes = await _link.RequestAsync(FrameType.Finish, finishes, WorkerMessages.WriteFinishes, ChangeMessages.ReadReply, cancel, tellsSeq: true).ConfigureAwait(false);
            PutDown(finishes.Select(finish => finish.Lease));
            return changes;
        }
        catch (NetQueueException) when (_replaced)
        {
            return [.. finishes.Select(finish => new JobChange(finish.Lease.JobId, ChangeResult.LeaseLost, default, default, "", finish.Lease.Attempt, null))];
        }
    }

    public ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel = default) =>
        _link.RequestAsync(
            FrameType.ReportHostKey, (serverId, shown), static (w, x) => LeaseMessages.WriteHostKeyReport(w, x.serverId, x.shown), LeaseMessages.ReadHostKey, cancel);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        if (_attached.Task.IsCompletedSuccessfully)
            await GoodbyeAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
        _signals.Writer.TryComplete();
        _attached.TrySetCanceled();
        _leasing.Dispose();
    }

    /// <summary>What was kept for the next caller; null when nothing is.</summary>
    private async ValueTask<IReadOnlyList<Lease>?> KeptAsync(int max, CancellationToken cancel)
    {
        if (_withdrawn is { } earlier)
        {
            Keep(await earlier.Task.WaitAsync(cancel).ConfigureAwait(false));
            _withdrawn = null;
        }

        lock (_kept)
        {
            if (_kept.Count == 0)
                return null;
            var kept = _kept.Take(max).ToList();
            _kept.RemoveRange(0, kept.Count);
            return kept;
        }
    }

    private async ValueTask<IReadOnlyList<Lease>> AnswerAsync(Pending<IReadOnlyList<Lease>> request, CancellationToken cancel)
    {
        try
        {
            return await request.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (NetQueueException) when (_replaced)
        {
            return [];
        }
        catch (OperationCanceledException) when (!request.Task.IsCompleted || request.Task.IsCompletedSuccessfully)
        {
            _withdrawn = request;
            _link.Withdraw(request);
            throw;
        }
    }

    private void Keep(IReadOnlyList<Lease> leases)
    {
        lock (_kept)
            _kept.AddRange(leases);
    }

    private Task AttachAsync(ClientConnection connection, CancellationToken cancel)
    {
        List<LeaseToken> inHand;
        lock (_inHand)
            inHand = [.. _inHand];
        return AttachOnAsync(_link.RequestOnAsync(
            connection, FrameType.Attach, (_worker, _attached.Task.IsCompletedSuccessfully, inHand), static (w, x) => WorkerMessages.WriteAttach(w, x._worker, x.IsCompletedSuccessfully, x.inHand),
            static (ref BodyReader r) => r.Bool(), cancel, tellsSeq: true));
    }

    /// <summary>What arrives is in hand from that moment, whoever asks for it later.</summary>
    private IReadOnlyList<Lease> ReadLeases(ref BodyReader reader)
    {
        var leases = LeaseMessages.Read(ref reader);
        lock (_inHand)
        {
            for (int i = 0; i < leases.Count; i++)
                _inHand.Add(leases[i].Token);
        }

        return leases;
    }

    private void PutDown(IEnumerable<LeaseToken> leases)
    {
        lock (_inHand)
            _inHand.ExceptWith(leases);
    }

    private async Task AttachOnAsync(Task<bool> attach)
    {
        await attach.ConfigureAwait(false);
        _attached.TrySetResult();
    }

    private void OnPush(FrameType type, ref BodyReader body)
    {
        if (type == FrameType.Signal)
            _signals.Writer.TryWrite(WorkerMessages.ReadSignal(ref body));
    }

    private void OnRefused(Exception why, bool final)
    {
        _replaced |= final && why is NetQueueException;
        _attached.TrySetException(why);
        if (final)
            _signals.Writer.TryComplete(why is NetQueueException ? new WorkerReplacedException(_worker.Id) : null);
    }

    /// <summary>Hands back what nobody has taken, and tells the server that the worker leaves; all of it briefly.</summary>
    private async Task GoodbyeAsync()
    {
        using var limit = new CancellationTokenSource(GoodbyeLimit, _time);
        try
        {
            if (_withdrawn is { } earlier)
                Keep(await earlier.Task.WaitAsync(limit.Token).ConfigureAwait(false));
            List<FinishRequest> back;
            lock (_kept)
                back = [.. _kept.Select(lease => new FinishRequest(lease.Token, new() { Kind = OutcomeKind.HandedBack }))];
            if (back.Count > 0)
                await FinishAsync(back, limit.Token).ConfigureAwait(false);
            await _link.RequestAsync(FrameType.Goodbye, 0, static (_, _) => { }, static (ref BodyReader _) => true, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or NetQueueException or StoreUnavailableException or ObjectDisposedException or IOException)
        {
            // The server finds it by its leases.
        }
    }
}
