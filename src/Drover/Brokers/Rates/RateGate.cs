using Drover.Jobs;
using Drover.Storage;

namespace Drover.Brokers.Rates;

/// <summary>
/// Counts starts against the rates in force and tells each lease how many it may make. Jobs over a rate stay where they
/// are, in lines that the store passes over; whoever waits for jobs is woken when a permit has come free, not before.
/// </summary>
internal sealed class RateGate(IJobStore store, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Counted> _rates = new(StringComparer.Ordinal);
    private volatile bool _any;

    /// <summary>Told when a rate is used up.</summary>
    public Action UsedUp { get; set; } = static () => { };

    public void Set(IReadOnlyDictionary<string, RateLimit?> rates)
    {
        lock (_gate)
        {
            foreach (var (key, rate) in rates)
            {
                if (rate is null)
                    _rates.Remove(key);
                else if (_rates.TryGetValue(key, out var counted))
                    counted.Rate = rate;
                else
                    _rates.Add(key, new() { Rate = rate });
            }

            _any = _rates.Count > 0;
        }
    }

    public ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request) =>
        _any ? LeaseInTurnAsync(request) : store.LeaseAsync(request, CancellationToken.None);

    /// <summary>
    /// Whether a rate that was used up has room again, and how long until the next one has; null when none is used up.
    /// </summary>
    public (bool Freed, TimeSpan? Next) Look()
    {
        long now = time.GetTimestamp();
        var (freed, next) = (false, (TimeSpan?)null);
        lock (_gate)
        {
            foreach (var counted in _rates.Values.Where(c => c.WasUsedUp))
            {
                if (counted.FreeIn(now, time) is { } wait)
                    next = next < wait ? next : wait;
                else
                    (counted.WasUsedUp, freed) = (false, true);
            }
        }

        return (freed, next);
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>One at a time, so that no two calls use the same permit.</summary>
    private async ValueTask<IReadOnlyList<Lease>> LeaseInTurnAsync(LeaseRequest request)
    {
        await _turn.WaitAsync();
        bool usedUp;
        IReadOnlyList<Lease> leases;
        try
        {
            leases = await store.LeaseAsync(request with { Permits = Permits() }, CancellationToken.None);
            usedUp = Count(leases);
        }
        finally
        {
            _turn.Release();
        }

        if (usedUp)
            UsedUp();
        return leases;
    }

    private Dictionary<string, int> Permits()
    {
        long now = time.GetTimestamp();
        lock (_gate)
            return _rates.ToDictionary(rate => rate.Key, rate => rate.Value.Left(now, time), StringComparer.Ordinal);
    }

    private bool Count(IReadOnlyList<Lease> leases)
    {
        long now = time.GetTimestamp();
        bool usedUp = false;
        lock (_gate)
        {
            foreach (var lease in leases)
            {
                Start(JobRules.LimitKeyOf(lease.Spec));
                Start(JobRules.QueueLimitKey(lease.Spec.Queue));
            }

            foreach (var counted in _rates.Values.Where(c => !c.WasUsedUp && c.Left(now, time) == 0))
                usedUp = counted.WasUsedUp = true;
        }

        return usedUp;

        void Start(string? key)
        {
            if (key is not null && _rates.TryGetValue(key, out var counted))
                counted.Starts.Enqueue(now);
        }
    }

    private sealed class Counted
    {
        public required RateLimit Rate { get; set; }

        /// <summary>When jobs started, within the last of the rate's times.</summary>
        public Queue<long> Starts { get; } = [];

        /// <summary>Somebody may wait for it.</summary>
        public bool WasUsedUp { get; set; }

        public int Left(long now, TimeProvider time)
        {
            while (Starts.TryPeek(out long first) && time.GetElapsedTime(first, now) >= Rate.Per)
                Starts.Dequeue();
            return Math.Max(0, Rate.Count - Starts.Count);
        }

        /// <summary>How long until it has room; null when it has.</summary>
        public TimeSpan? FreeIn(long now, TimeProvider time)
        {
            if (Left(now, time) > 0)
                return null;
            // A rate that was lowered has more starts than it allows.
            long first = Starts.ElementAt(Starts.Count - Rate.Count);
            return Rate.Per - time.GetElapsedTime(first, now);
        }
    }
}
