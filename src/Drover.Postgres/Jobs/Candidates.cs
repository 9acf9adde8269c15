using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;

namespace Drover.Postgres.Jobs;

/// <summary>A ready job that may be leased.</summary>
internal readonly record struct Candidate(long Seq, long ReadyAt, bool Back);

/// <summary>A part of a line, and how many of its first jobs are to be taken. Those that came back stand apart.</summary>
internal readonly record struct Taking(int Line, bool Back);

/// <summary>Decides which of the jobs at the heads of the lines come next: the most urgent first, within limits and by weights.</summary>
/// <param name="options">How queues behave.</param>
/// <param name="now">The time.</param>
/// <param name="deep">How far each part of a line was looked into; what lies deeper is not known.</param>
internal sealed class Candidates(QueueOptions options, long now, int deep)
{
    private readonly Dictionary<int, LineUp> _lines = [];

    /// <summary>How many more jobs may be taken under a limit key; keys that nothing binds are not here.</summary>
    public Dictionary<string, long> Room { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the last choice ended where a line was not looked into any deeper.</summary>
    public bool Cut { get; private set; }

    public void Add(Line line, in Candidate candidate)
    {
        if (!_lines.TryGetValue(line.Id, out var jobs))
            _lines[line.Id] = jobs = new(line, now, options.StrictQueues.Contains(line.Queue) ? null : options.StarvationPeriod);
        jobs.Jobs.Add(candidate);
    }

    /// <summary>The next jobs in order.</summary>
    public List<(int Line, Candidate Job)> Take(int most, IReadOnlyList<QueueShare> shares)
    {
        foreach (var line in _lines.Values)
            line.Begin(deep);
        var queues = _lines.Values.GroupBy(l => l.Line.Queue).Select(q => (Weight: WeightOf(q.Key, shares), Lines: q.ToList())).ToList();
        bool equal = queues.All(q => q.Weight == queues[0].Weight);
        var all = _lines.Values.ToList();
        var taken = new List<(int, Candidate)>();
        while (taken.Count < most && (equal ? First(all) : Draw(queues)) is { } line)
        {
            taken.Add((line.Line.Id, line.Head));
            Use(line.Line.LimitKey);
            Use(line.QueueKey);
            line.Next();
            // The next of this line may be the most urgent of all.
            if (Cut = line is { IsEmpty: true, IsCut: true })
                break;
        }

        return taken;

        void Use(string key)
        {
            if (Room.TryGetValue(key, out long room))
                Room[key] = room - 1;
        }
    }

    private LineUp? First(List<LineUp> lines)
    {
        LineUp? first = null;
        foreach (var line in lines)
        {
            if (!line.IsEmpty && HasRoom(line) && (first is null || (line.Urgency, line.Head.Seq).CompareTo((first.Urgency, first.Head.Seq)) < 0))
                first = line;
        }

        return first;
    }

    private LineUp? Draw(List<(int Weight, List<LineUp> Lines)> queues)
    {
        var firsts = queues.Select(q => (q.Weight, First: First(q.Lines))).Where(q => q.First is not null).ToList();
        if (firsts.Count == 0)
            return null;
        if (firsts.All(f => f.Weight == firsts[0].Weight))
            return firsts.MinBy(f => (f.First!.Urgency, f.First.Head.Seq)).First;
        int draw = Random.Shared.Next(firsts.Sum(f => f.Weight));
        return firsts.First(f => (draw -= f.Weight) < 0).First;
    }

    private bool HasRoom(LineUp line) => Room.Count == 0 || (Room.GetValueOrDefault(line.Line.LimitKey, 1) > 0 && Room.GetValueOrDefault(line.QueueKey, 1) > 0);

    private static int WeightOf(string queue, IReadOnlyList<QueueShare> shares)
    {
        int others = 1;
        foreach (var share in shares)
        {
            if (share.Name == queue)
                return share.Weight;
            if (share.Name == "*")
                others = share.Weight;
        }

        return others;
    }

    private sealed class LineUp(Line line, long now, TimeSpan? period)
    {
        private int _at;

        public Line Line => line;

        public string QueueKey { get; } = JobRules.QueueLimitKey(line.Queue);

        public List<Candidate> Jobs { get; } = [];

        public bool IsEmpty => _at == Jobs.Count;

        public Candidate Head => Jobs[_at];

        public int Urgency { get; private set; }

        /// <summary>Whether there may be more than is known.</summary>
        public bool IsCut { get; private set; }

        public void Begin(int deep)
        {
            Jobs.Sort((a, b) => a.Seq.CompareTo(b.Seq));
            long known = Math.Min(End(back: false), End(back: true));
            IsCut = known < long.MaxValue;
            Jobs.RemoveAll(job => job.Seq > known);
            Look();

            long End(bool back) => Jobs.Count(job => job.Back == back) < deep ? long.MaxValue : Jobs.Last(job => job.Back == back).Seq;
        }

        public void Next()
        {
            _at++;
            Look();
        }

        private void Look()
        {
            Urgency = line.Priority;
            if (!IsEmpty && period is { } better && Head.ReadyAt < now)
                Urgency = (int)Math.Max(1, line.Priority - (now - Head.ReadyAt) / better.Ticks);
        }
    }
}
