namespace Drover.Brokers.Following;

/// <summary>
/// Who waits for what, in memory: so that the end of a job that nobody waits for costs a glance, and a batch is looked
/// at when its last job has ended, not at each. The store is the truth; what is missing here comes with the next look at it.
/// </summary>
internal sealed class Awaited
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, HashSet<Guid>> _followers = [];
    private readonly Dictionary<Guid, Guid> _batchOf = [];
    private readonly Dictionary<Guid, HashSet<Guid>> _unfinished = [];
    private readonly HashSet<Guid> _ended = [];
    private volatile bool _any;

    /// <summary>Everything that somebody waits for.</summary>
    public IReadOnlyList<Guid> All
    {
        get
        {
            lock (_gate)
                return [.. _followers.Keys];
        }
    }

    public void Add(Guid follower, Guid awaited)
    {
        lock (_gate)
        {
            if (!_followers.TryGetValue(awaited, out var followers))
                _followers[awaited] = followers = [];
            followers.Add(follower);
            _any = true;
        }
    }

    /// <summary>Says which jobs of a batch that somebody waits for have not ended, and which failed and may be retried.</summary>
    public void SetJobsOf(Guid batch, IEnumerable<Guid> unfinished, IEnumerable<Guid> failed)
    {
        lock (_gate)
        {
            if (!_followers.ContainsKey(batch))
                return;
            var left = _unfinished[batch] = [.. unfinished];
            foreach (var id in left.Concat(failed))
                _batchOf[id] = batch;
        }
    }

    /// <summary>A job's status is another now, or the job is gone.</summary>
    /// <returns>Whether something that somebody waits for may have ended.</returns>
    public bool Changed(Guid id, bool ended)
    {
        if (!_any)
            return false;
        lock (_gate)
        {
            bool told = ended && _followers.ContainsKey(id) && _ended.Add(id);
            if (!_batchOf.TryGetValue(id, out var batch))
                return told;
            var left = _unfinished[batch];
            if (!ended)
                left.Add(id);
            else if (left.Remove(id) && left.Count == 0)
                told |= _ended.Add(batch);
            return told;
        }
    }

    /// <summary>A job is gone: whatever it belongs to is to be looked at again.</summary>
    public bool Deleted(Guid id)
    {
        bool told = Changed(id, ended: true);
        lock (_gate)
            return (_batchOf.TryGetValue(id, out var batch) && _ended.Add(batch)) || told;
    }

    /// <summary>To be looked at again.</summary>
    public void Ended(Guid awaited)
    {
        lock (_gate)
            _ended.Add(awaited);
    }

    /// <summary>What ended since the last call, with those who wait for it.</summary>
    public IReadOnlyList<(Guid Awaited, IReadOnlyList<Guid> Followers)> TakeEnded()
    {
        lock (_gate)
        {
            var ended = _ended.Select(id => (id, (IReadOnlyList<Guid>)[.. _followers.GetValueOrDefault(id) ?? []])).ToList();
            _ended.Clear();
            return ended;
        }
    }

    /// <summary>These wait no more.</summary>
    public void Remove(Guid awaited, IEnumerable<Guid> followers)
    {
        lock (_gate)
        {
            if (!_followers.TryGetValue(awaited, out var left))
                return;
            left.ExceptWith(followers);
            if (left.Count > 0)
                return;
            _followers.Remove(awaited);
            if (_unfinished.Remove(awaited))
            {
                foreach (var id in _batchOf.Where(b => b.Value == awaited).Select(b => b.Key).ToList())
                    _batchOf.Remove(id);
            }

            _any = _followers.Count > 0;
        }
    }
}
