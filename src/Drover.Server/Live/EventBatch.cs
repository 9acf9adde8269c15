using Drover.Events;

namespace Drover.Server.Live;

/// <summary>What happened since the client was last told: of each job only the latest, in the order of the latest.</summary>
internal sealed class EventBatch
{
    /// <summary>So many jobs are told one by one; when more have changed at once, it is quicker to read them anew.</summary>
    public const int MaxJobs = 500;

    private const int MaxEvents = 5000;
    private readonly Dictionary<Guid, (BrokerEvent Latest, bool Created)> _jobs = [];
    private readonly Dictionary<(EventTopics, string?), BrokerEvent> _others = [];
    private int _count;

    /// <summary>Events are missing before the last one here.</summary>
    public bool Missed { get; private set; }

    /// <summary>The seq of the latest event.</summary>
    public long LastSeq { get; private set; }

    public bool IsEmpty => _count == 0;

    public bool IsFull => _count >= MaxEvents;

    public bool HasTooManyJobs => _jobs.Count > MaxJobs;

    public void Add(in BrokerEvent e)
    {
        LastSeq = e.Seq;
        _count++;
        if (e.Kind == EventKind.Missed)
        {
            // Whatever was gathered is part of what the client reads anew.
            _jobs.Clear();
            _others.Clear();
            Missed = true;
        }
        else if (e.Topic == EventTopics.Jobs)
        {
            bool created = e.Kind == EventKind.JobCreated || (_jobs.TryGetValue(e.JobId, out var known) && known.Created);
            _jobs[e.JobId] = (e, created);
        }
        else
        {
            _others[(e.Topic, e.Subject)] = e;
        }
    }

    public void Clear()
    {
        _jobs.Clear();
        _others.Clear();
        (_count, Missed) = (0, false);
    }

    /// <summary>The jobs that changed.</summary>
    public IEnumerable<Guid> Jobs => _jobs.Keys;

    /// <summary>What happened, by seq; jobs are left out when there are too many.</summary>
    public IEnumerable<(BrokerEvent Event, bool Created)> InOrder() =>
        _jobs.Values.Where(_ => !HasTooManyJobs).Concat(_others.Values.Select(e => (e, false))).OrderBy(e => e.Item1.Seq);
}
