using Drover.Events;
using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Brokers;

public sealed partial class Broker
{
    /// <inheritdoc/>
    public async ValueTask<IWorkerSession> ConnectAsync(WorkerDescription worker, CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(worker);
        // One at a time: the instance that the store knows last is also the one that is registered last.
        await _connecting.WaitAsync(cancel);
        try
        {
            var lost = await _store.LoseWorkerAsync(worker.Id, worker.InstanceId, cancel);
            var session = new WorkerSession(this, _waiters, worker, _options.LeaseDuration);
            TakePlace(session, lost.Count);
            _announcer.Lost(lost);
            _nodeWorkers.Say(EventKind.WorkerConnected, worker.Id);
            _log.WorkerConnected(worker.Id, worker.Slots, worker.Host);
            return session;
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<WorkerInfo>> ListWorkersAsync(CancellationToken cancel = default) => _nodeWorkers.ListAsync(cancel);

    /// <inheritdoc/>
    public ValueTask<bool> DrainWorkerAsync(string workerId, CancellationToken cancel = default)
    {
        if (_workers.Find(workerId) is not { } session)
            return _nodeWorkers.DrainAsync(workerId, cancel);
        if (!session.Draining)
        {
            session.Drain();
            _nodeWorkers.Say(EventKind.WorkerDraining, workerId);
        }

        return new(true);
    }

    /// <returns>What was leased, and whether there was no more.</returns>
    internal async ValueTask<(IReadOnlyList<Lease> Leases, bool All)> LeaseAsync(WorkerSession session, LeaseRequest request)
    {
        IReadOnlyList<Lease> leases;
        try
        {
            leases = await _rates.LeaseAsync(request);
        }
        catch
        {
            _waiters.PassOn(session.Class, request.Max);
            throw;
        }

        bool all = leases.Count < request.Max;
        if (leases.Count == 0)
            return (leases, all);
        session.Held.Add(leases, Time.GetTimestamp());
        _announcer.Leased(leases);
        if (session.TakesNoMore)
            return (await GiveBackAsync([.. leases.Select(l => new FinishRequest(l.Token, new() { Kind = OutcomeKind.HandedBack }))]), all);

        var failed = new List<FinishRequest>();
        var resolved = await _resolution.ResolveAsync(leases, failed);
        if (failed.Count > 0)
            await GiveBackAsync(failed);
        return (resolved, all);
    }

    internal async ValueTask<IReadOnlyList<RenewResult>> RenewAsync(WorkerSession session, IReadOnlyList<LeaseToken> leases, CancellationToken cancel)
    {
        if (session.Held.FirstOther(leases, static lease => lease) >= 0)
            leases = await _fence.CheckAsync(session, leases, cancel);
        var results = await _store.RenewAsync(leases, _options.LeaseDuration, cancel);
        for (int i = 0; i < results.Count; i++)
        {
            if (results[i].Held && !session.Held.Contains(leases[i]))
                session.Held.Adopt(leases[i], Time.GetTimestamp());
            else if (!results[i].Held)
                session.Held.Remove(leases[i]);
        }

        return results;
    }

    internal async ValueTask<bool> AppendOutputAsync(
        WorkerSession session, LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel)
    {
        if (!session.Held.Contains(lease))
            lease = (await _fence.CheckAsync(session, [lease], cancel))[0];
        if (!await _store.AppendOutputAsync(lease, entries, trim, cancel))
            return false;
        _events.Publish(EventKind.OutputAppended, lease.JobId, JobStatus.Running, lease.Attempt, null);
        _metrics.Printed(entries);
        return true;
    }

    internal async ValueTask<IReadOnlyList<JobChange>> FinishAsync(WorkerSession session, IReadOnlyList<FinishRequest> finishes, CancellationToken cancel)
    {
        if (session.Held.FirstOther(finishes, static finish => finish.Lease) < 0)
            return await FinishAsync(finishes, cancel);
        var leases = await _fence.CheckAsync(session, [.. finishes.Select(finish => finish.Lease)], cancel);
        return await FinishAsync([.. finishes.Select((finish, i) => finish with { Lease = leases[i] })], cancel);
    }

    private async ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel)
    {
        var changes = await _store.FinishAsync(finishes, cancel);
        for (int i = 0; i < changes.Count; i++)
        {
            if (changes[i].Result == ChangeResult.Done)
                _metrics.Finished(changes[i].Queue, finishes[i].Outcome.Kind);
        }

        _announcer.Changed(changes);
        return changes;
    }

    internal ValueTask<HostKey> PinHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel) =>
        _targets is null ? new(shown) : _targets.PinHostKeyAsync(serverId, shown, cancel);

    internal void SayGoodbye(WorkerSession session)
    {
        session.End();
        if (!_workers.Remove(session))
            return;
        _nodeWorkers.Say(EventKind.WorkerGone, session.Worker.Id);
        _log.WorkerLeft(session.Worker.Id);
    }

    internal WorkerSession? SessionOf(string workerId) => _workers.Find(workerId);

    internal void TakeForGone(WorkerSession session)
    {
        session.End();
        if (!_workers.Remove(session))
            return;
        _nodeWorkers.Say(EventKind.WorkerGone, session.Worker.Id);
        _log.WorkerSilent(session.Worker.Id, session.Silence);
    }

    private void TakePlace(WorkerSession session, int lost)
    {
        if (_workers.Add(session) is not { } before)
            return;
        if (before.Worker.InstanceId == session.Worker.InstanceId)
        {
            session.Held.Adopt(before.Held);
            if (before.Draining)
                session.Drain();
            before.End();
            return;
        }

        _log.WorkerReplaced(session.Worker.Id, lost);
        before.End(new WorkerReplacedException(session.Worker.Id));
    }

    /// <summary>Ends attempts that never reached their worker. When that fails their leases run out by themselves.</summary>
    private async ValueTask<IReadOnlyList<Lease>> GiveBackAsync(IReadOnlyList<FinishRequest> finishes)
    {
        try
        {
            await FinishAsync(finishes, CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            _log.NotGivenBack(e);
        }

        return [];
    }

    private static void Check(WorkerDescription worker)
    {
        if (worker.Id.Length is 0 or > 200 || worker.Id.Any(char.IsControl))
            throw new ArgumentException("A worker's id must be 1 to 200 characters without control characters.", nameof(worker));
        if (worker.Slots < 1)
            throw new ArgumentException("A worker must have at least one slot.", nameof(worker));
        if (worker.Queues.Count == 0 || worker.Queues.Any(q => q.Weight < 1 || (q.Name != "*" && !JobValidator.IsQueueName(q.Name))))
            throw new ArgumentException("A worker must serve at least one queue, each with a valid name or '*' and a weight of at least 1.", nameof(worker));
    }
}
