using Drover.Jobs;

namespace Drover.Sqlite.Engine;

/// <summary>The specs of jobs that were accepted a moment ago, so that a job leased soon is not read back. Belongs to the writer thread.</summary>
internal sealed class RecentSpecs
{
    private const int Size = 16 * 1024;

    /// <summary>Larger ones are read back, so that the cache stays within some 30 MB.</summary>
    private const int MostBytes = 2048;

    private readonly Entry[] _entries = new Entry[Size];

    public void Add(long seq, Guid id, JobSpec spec, int bytes)
    {
        if (bytes <= MostBytes)
            _entries[seq % Size] = new(seq, id, spec);
    }

    public bool TryTake(long seq, out Guid id, out JobSpec spec)
    {
        ref var entry = ref _entries[seq % Size];
        (id, spec) = (entry.Id, entry.Spec!);
        if (entry.Seq != seq || entry.Spec is null)
            return false;
        entry = default;
        return true;
    }

    private readonly record struct Entry(long Seq, Guid Id, JobSpec? Spec);
}
