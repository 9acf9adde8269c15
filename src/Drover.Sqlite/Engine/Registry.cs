using Drover.Jobs;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Engine;

/// <summary>
/// The names that jobs share, each stored once and known by a number: lanes and combinations of tags; and the queues
/// and limits that belong to lanes. Written by the writer thread; lanes and tagsets may be read by anybody by their number.
/// </summary>
internal sealed class Registry(QueueOptions options)
{
    /// <summary>The tagset of jobs whose combination came too late to get a number; their tags are in job_tags.</summary>
    public const ushort OtherTags = ushort.MaxValue;

    private readonly Dictionary<(string Queue, string Needs, string? LimitKey), Lane> _lanes = [];
    private readonly Dictionary<string, QueueState> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LimitState> _limits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ushort> _tagsets = new(StringComparer.Ordinal);
    private readonly List<Lane> _unsavedLanes = [];
    private readonly List<(ushort Id, string Tags)> _unsavedTagsets = [];
    private volatile Lane[] _byId = [];
    private volatile string[][] _tagsById = [[]];
    private int _laneCount;

    public IEnumerable<QueueState> Queues => _queues.Values;

    /// <summary>How many lanes there are; <see cref="LaneById"/> answers for each smaller number.</summary>
    public int LaneCount => Volatile.Read(ref _laneCount);

    public int TagsetCount => _tagsById.Length;

    public bool HasUnsaved => _unsavedLanes.Count > 0 || _unsavedTagsets.Count > 0;

    public Lane LaneById(int id) => _byId[id];

    public string[] TagsById(int id) => _tagsById[id];

    public Lane LaneOf(string queue, string needs, string? limitKey)
    {
        if (_lanes.TryGetValue((queue, needs, limitKey), out var lane))
            return lane;
        lane = AddLane(_laneCount, queue, needs, limitKey);
        _unsavedLanes.Add(lane);
        return lane;
    }

    public QueueState QueueOf(string name)
    {
        if (!_queues.TryGetValue(name, out var queue))
            _queues[name] = queue = new(name, options.StrictQueues.Contains(name), LimitOf(JobRules.QueueLimitKey(name)));
        return queue;
    }

    public LimitState LimitOf(string key)
    {
        if (!_limits.TryGetValue(key, out var limit))
            _limits[key] = limit = new();
        return limit;
    }

    public ushort TagsetOf(IReadOnlyList<string> tags)
    {
        if (tags.Count == 0)
            return 0;
        string joined = string.Join('\n', tags.Order(StringComparer.Ordinal));
        if (_tagsets.TryGetValue(joined, out ushort id))
            return id;
        if (_tagsById.Length >= OtherTags || tags.Any(t => t.Contains('\n', StringComparison.Ordinal)))
            return OtherTags;
        id = (ushort)_tagsById.Length;
        AddTagset(id, joined);
        _unsavedTagsets.Add((id, joined));
        return id;
    }

    public void Load(Connection connection)
    {
        var lanes = connection.Prepare("SELECT id, queue, needs, limit_key FROM lanes ORDER BY id");
        while (lanes.Step())
            AddLane(lanes.Int(0), lanes.Text(1)!, lanes.Text(2)!, lanes.Text(3));
        var tagsets = connection.Prepare("SELECT id, tags FROM tagsets ORDER BY id");
        while (tagsets.Step())
            AddTagset((ushort)tagsets.Int(0), tagsets.Text(1)!);
        var queues = connection.Prepare("SELECT name, paused FROM queues");
        while (queues.Step())
            QueueOf(queues.Text(0)!).Paused = queues.Int(1) != 0;
    }

    /// <summary>Writes what is new into the open transaction; <see cref="Saved"/> is to be called once it is committed.</summary>
    public void Save(Statement insertLane, Statement insertTagset)
    {
        foreach (var lane in _unsavedLanes)
            insertLane.Bind(1, lane.Id).Bind(2, lane.Queue.Name).Bind(3, lane.Needs).Bind(4, lane.LimitKey).Run();
        foreach (var (id, tags) in _unsavedTagsets)
            insertTagset.Bind(1, id).Bind(2, tags).Run();
    }

    public void Saved()
    {
        _unsavedLanes.Clear();
        _unsavedTagsets.Clear();
    }

    private Lane AddLane(int id, string queueName, string needs, string? limitKey)
    {
        var queue = QueueOf(queueName);
        var lane = new Lane(id, queue, needs, limitKey, limitKey is null ? null : LimitOf(limitKey));
        queue.Lanes.Add(lane);
        _lanes.Add((queueName, needs, limitKey), lane);
        var byId = _byId;
        if (id >= byId.Length)
            Array.Resize(ref byId, Math.Max(16, byId.Length * 2));
        byId[id] = lane;
        _byId = byId;
        Volatile.Write(ref _laneCount, id + 1);
        return lane;
    }

    private void AddTagset(ushort id, string joined)
    {
        _tagsets.Add(joined, id);
        var byId = _tagsById;
        Array.Resize(ref byId, id + 1);
        byId[id] = joined.Split('\n');
        _tagsById = byId;
    }
}
