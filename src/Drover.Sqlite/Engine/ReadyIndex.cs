using Drover.Jobs;
using Drover.Storage;

namespace Drover.Sqlite.Engine;

/// <summary>The ready jobs, and the choice of the next. Belongs to the writer thread.</summary>
internal sealed class ReadyIndex(Columns columns, QueueOptions options)
{
    private readonly Random _random = new();
    private readonly List<Lane> _nonEmpty = [];
    private readonly Dictionary<string, Capable> _capable = new(StringComparer.Ordinal);

    /// <summary>Adds a job that has just been accepted.</summary>
    public void Append(Lane lane, int priority, long seq)
    {
        lane.LineOf(priority).Append(seq);
        List(lane);
    }

    /// <summary>Adds a job that comes back to its place.</summary>
    public void Return(Lane lane, int priority, long seq, long readyAt)
    {
        lane.LineOf(priority).Return(seq, readyAt);
        List(lane);
    }

    /// <summary>Takes up to <see cref="LeaseRequest.Max"/> jobs; <paramref name="start"/> makes each one running, or answers false when it cannot be.</summary>
    public void Take(LeaseRequest request, long now, Func<Candidate, bool> start)
    {
        var permits = request.Permits is null ? null : new Permits(request.Permits);
        var groups = GroupsFor(request, permits, now);
        int left = request.Max;
        while (left > 0 && groups.Count > 0)
        {
            var group = Choose(groups);
            var candidate = group.Heads.Dequeue();
            if (HasRoom(candidate.Lane, permits))
            {
                candidate.Lane.Take(candidate);
                if (start(candidate))
                {
                    left--;
                    permits?.Take(candidate.Lane);
                }

                if (candidate.Lane.TryPeek(columns, now, PeriodOf(candidate.Lane), out var next))
                    group.Heads.Enqueue(next, next);
            }

            if (group.Heads.Count == 0)
                groups.Remove(group);
        }
    }

    private long? PeriodOf(Lane lane) => lane.Queue.Strict ? null : options.StarvationPeriod?.Ticks;

    /// <summary>One group when all weights are equal, else one for each queue.</summary>
    private List<Group> GroupsFor(LeaseRequest request, Permits? permits, long now)
    {
        var weights = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var share in request.Queues)
            weights.TryAdd(share.Name, share.Weight);
        int first = request.Queues.Count > 0 ? request.Queues[0].Weight : 1;
        bool equal = request.Queues.All(q => q.Weight == first);
        int star = weights.GetValueOrDefault("*");
        var capable = CapableOf(request);
        var groups = new List<Group>();
        var byQueue = new Dictionary<QueueState, Group>();
        for (int at = _nonEmpty.Count - 1; at >= 0; at--)
        {
            var lane = _nonEmpty[at];
            int weight = weights.GetValueOrDefault(lane.Queue.Name, star);
            if (weight == 0 || lane.Queue.Paused || !HasRoom(lane, permits) || !capable.Of(lane))
                continue;
            if (!lane.TryPeek(columns, now, PeriodOf(lane), out var head))
            {
                lane.Listed = false;
                _nonEmpty[at] = _nonEmpty[^1];
                _nonEmpty.RemoveAt(_nonEmpty.Count - 1);
                continue;
            }

            if (equal && groups.Count > 0)
            {
                groups[0].Heads.Enqueue(head, head);
                continue;
            }

            if (!byQueue.TryGetValue(lane.Queue, out var group))
                groups.Add(byQueue[lane.Queue] = group = new(weight));
            group.Heads.Enqueue(head, head);
        }

        return groups;
    }

    private Group Choose(List<Group> groups)
    {
        if (groups.Count == 1)
            return groups[0];
        int total = 0;
        foreach (var group in groups)
            total += group.Weight;
        int draw = _random.Next(total);
        return groups.First(group => (draw -= group.Weight) < 0);
    }

    private static bool HasRoom(Lane lane, Permits? permits) =>
        lane.Limit is not { Reached: true } && !lane.Queue.Full && permits?.Allows(lane) != false;

    private void List(Lane lane)
    {
        if (lane.Listed)
            return;
        lane.Listed = true;
        _nonEmpty.Add(lane);
    }

    private Capable CapableOf(LeaseRequest request)
    {
        if (!_capable.TryGetValue(request.WorkerId, out var capable) || !ReferenceEquals(capable.Capabilities, request.Capabilities))
        {
            if (_capable.Count > 10_000)
                _capable.Clear();
            _capable[request.WorkerId] = capable = new(request.Capabilities);
        }

        return capable;
    }

    /// <summary>How many more jobs a call may lease, by limit key.</summary>
    private sealed class Permits(IReadOnlyDictionary<string, int> most)
    {
        private readonly Dictionary<string, int> _left = new(most, StringComparer.Ordinal);

        public bool Allows(Lane lane) => Left(lane.LimitKey) > 0 && Left(JobRules.QueueLimitKey(lane.Queue.Name)) > 0;

        public void Take(Lane lane)
        {
            foreach (string? key in (ReadOnlySpan<string?>)[lane.LimitKey, JobRules.QueueLimitKey(lane.Queue.Name)])
            {
                if (key is not null && _left.TryGetValue(key, out int left))
                    _left[key] = left - 1;
            }
        }

        private int Left(string? key) => key is null ? 1 : _left.GetValueOrDefault(key, 1);
    }

    private sealed class Group(int weight)
    {
        public int Weight { get; } = weight;

        public PriorityQueue<Candidate, Candidate> Heads { get; } = new();
    }

    /// <summary>Which lanes a worker can serve, so that its labels are compared once for each lane.</summary>
    private sealed class Capable(WorkerCapabilities capabilities)
    {
        private readonly List<bool?> _lanes = [];

        public WorkerCapabilities Capabilities { get; } = capabilities;

        public bool Of(Lane lane)
        {
            while (_lanes.Count <= lane.Id)
                _lanes.Add(null);
            return _lanes[lane.Id] ??= Capabilities.Satisfies(lane.Needs);
        }
    }
}
