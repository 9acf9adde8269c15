using Drover.Jobs;
using Drover.Storage;

namespace Drover.Brokers;

/// <summary>What the broker remembers of a lease while a worker holds it.</summary>
/// <param name="LimitKey">What it counts against; null for nothing.</param>
/// <param name="Leased">The timestamp at which it was leased.</param>
internal readonly record struct HeldLease(string? LimitKey, long Leased);

/// <summary>The leases in one worker's hands.</summary>
internal sealed class HeldLeases
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LeaseToken, HeldLease> _leases = [];

    public void Add(IReadOnlyList<Lease> leases, long now)
    {
        lock (_gate)
        {
            for (int i = 0; i < leases.Count; i++)
                _leases[leases[i].Token] = new(JobRules.LimitKeyOf(leases[i].Spec), now);
        }
    }

    public HeldLease? Remove(LeaseToken token)
    {
        lock (_gate)
            return _leases.Remove(token, out var lease) ? lease : null;
    }

    public bool Contains(LeaseToken token)
    {
        lock (_gate)
            return _leases.ContainsKey(token);
    }

    /// <summary>The index of the first that is not among them; -1 when all are.</summary>
    public int FirstOther<T>(IReadOnlyList<T> items, Func<T, LeaseToken> tokenOf)
    {
        lock (_gate)
        {
            for (int i = 0; i < items.Count; i++)
            {
                if (!_leases.ContainsKey(tokenOf(items[i])))
                    return i;
            }
        }

        return -1;
    }

    /// <summary>A worker that connects anew brings its leases along; the broker may not know them.</summary>
    public void Adopt(LeaseToken token, long now)
    {
        lock (_gate)
            _leases.TryAdd(token, new(null, now));
    }

    public void Adopt(HeldLeases others)
    {
        KeyValuePair<LeaseToken, HeldLease>[] theirs;
        lock (others._gate)
            theirs = [.. others._leases];
        lock (_gate)
        {
            foreach (var (token, lease) in theirs)
                _leases.TryAdd(token, lease);
        }
    }

    public IReadOnlyList<LeaseToken> List()
    {
        lock (_gate)
            return [.. _leases.Keys];
    }
}
