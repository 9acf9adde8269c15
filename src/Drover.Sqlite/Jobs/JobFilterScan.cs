using System.Globalization;
using Drover.Jobs;
using Drover.Sqlite.Engine;

namespace Drover.Sqlite.Jobs;

/// <summary>
/// A filter made ready to be held against the columns: names become numbers, and what the columns do not have (text,
/// origin, rare tags) becomes a set of seqs, looked up once.
/// </summary>
internal sealed class JobFilterScan
{
    private readonly JobMemory _memory;
    private readonly int _statuses;
    private readonly bool[]? _lanes;
    private readonly bool[]? _tagsets;
    private readonly HashSet<long>? _othersWithTag;
    private readonly HashSet<long>? _within;
    private readonly long _createdFrom;
    private readonly long _createdTo;
    private readonly int _priority;
    private readonly JobKind _kind;

    public JobFilterScan(JobFilter filter, JobMemory memory, JobReader reader)
    {
        _memory = memory;
        foreach (var status in filter.Statuses)
            _statuses |= 1 << (int)status;
        if (_statuses == 0)
            _statuses = ~1;
        _createdFrom = filter.CreatedAfter?.UtcTicks ?? long.MinValue;
        _createdTo = filter.CreatedBefore?.UtcTicks ?? long.MaxValue;
        _priority = filter.Priority ?? 0;
        _kind = filter.Kind ?? 0;
        if (filter.Queue is not null || filter.ServerId is not null || filter.JobType is not null)
            _lanes = LanesOf(filter);
        if (filter.Tag is { } tag)
        {
            _tagsets = [.. Enumerable.Range(0, memory.Registry.TagsetCount).Select(id => memory.Registry.TagsById(id).Contains(tag))];
            _othersWithTag = [.. reader.ByTag(tag)];
        }

        if (filter.OriginId is { } origin)
            _within = [.. reader.ByOrigin(origin)];
        if (filter.Text is { Length: > 0 } text)
        {
            HashSet<long> found = [.. Find(text, reader)];
            if (_within is null)
                _within = found;
            else
                _within.IntersectWith(found);
        }
    }

    /// <summary>The seqs to look at alone, when there is such a set.</summary>
    public IReadOnlyCollection<long>? Within => _within;

    public bool Matches(Chunk chunk, int row, long seq)
    {
        var status = chunk.Status[row];
        return (_statuses >> (int)status & 1) != 0 && status != 0
            && (_priority == 0 || chunk.PriorityAt(row) == _priority)
            && (_kind == 0 || chunk.KindAt(row) == _kind)
            && (_lanes is null || (chunk.Lane[row] < _lanes.Length && _lanes[chunk.Lane[row]]))
            && (_tagsets is null || HasTag(chunk.Tagset[row], seq))
            && chunk.Created[row] >= _createdFrom && chunk.Created[row] < _createdTo
            && (_within is null || _within.Contains(seq));
    }

    /// <summary>Whether a row, as it was fetched a moment later, still has what may have changed.</summary>
    public bool StillMatches(Job job) => (_statuses >> (int)job.Status & 1) != 0 && (_priority == 0 || job.Priority == _priority);

    private bool HasTag(ushort tagset, long seq) =>
        tagset == Registry.OtherTags ? _othersWithTag!.Contains(seq) : tagset < _tagsets!.Length && _tagsets[tagset];

    private bool[] LanesOf(JobFilter filter)
    {
        var lanes = new bool[_memory.Registry.LaneCount];
        for (int id = 0; id < lanes.Length; id++)
        {
            var lane = _memory.Registry.LaneById(id);
            lanes[id] = (filter.Queue is null || lane.Queue.Name == filter.Queue)
                && (filter.ServerId is null || lane.ServerId == filter.ServerId)
                && (filter.JobType is null || lane.JobType == filter.JobType);
        }

        return lanes;
    }

    private IEnumerable<long> Find(string text, JobReader reader)
    {
        var found = IsIdPrefix(text, out ulong low, out ulong high) ? ByIdPrefix(text, low, high, reader) : [];
        return found.Concat(text.EnumerateRunes().Count() >= 3 ? reader.ByText(text) : ByShortText(text, reader));
    }

    /// <summary>The text index knows three characters and more. Shorter texts are looked for in the latest jobs.</summary>
    private IEnumerable<long> ByShortText(string text, JobReader reader)
    {
        const int most = 5_000;
        long last = _memory.Columns.Last;
        for (long seq = last; seq > 0 && seq > last - most; seq--)
        {
            if (reader.Read(seq, _memory, withAttempts: false) is not { } job)
                continue;
            if ((JobRules.SearchTextOf(job.Spec)?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
                || (job.Outcome?.Error?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false))
                yield return seq;
        }
    }

    private List<long> ByIdPrefix(string text, ulong low, ulong high, JobReader reader)
    {
        var seqs = _memory.Columns.FindIds(low, high);
        // More digits than the columns have: a handful of jobs at most.
        if (text.Length > 18)
            seqs.RemoveAll(seq => reader.Read(seq, _memory, withAttempts: false)?.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase) != true);
        return seqs;
    }

    /// <summary>Whether a text can be the beginning of an id as it is written, and between which first halves such ids lie.</summary>
    private static bool IsIdPrefix(string text, out ulong low, out ulong high)
    {
        (low, high) = (0, 0);
        if (text.Length is 0 or > 36)
            return false;
        for (int at = 0; at < text.Length; at++)
        {
            bool isDash = at is 8 or 13 or 18 or 23;
            if (isDash ? text[at] != '-' : !char.IsAsciiHexDigit(text[at]))
                return false;
        }

        string digits = text.Replace("-", "", StringComparison.Ordinal);
        digits = digits.Length > 16 ? digits[..16] : digits;
        low = ulong.Parse(digits.PadRight(16, '0'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        high = ulong.Parse(digits.PadRight(16, 'f'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return true;
    }
}
