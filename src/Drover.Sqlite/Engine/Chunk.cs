using Drover.Jobs;

namespace Drover.Sqlite.Engine;

/// <summary>65,536 rows of <see cref="Columns"/>.</summary>
internal sealed class Chunk
{
    public readonly JobStatus[] Status = new JobStatus[Columns.ChunkSize];
    public readonly ulong[] IdHigh = new ulong[Columns.ChunkSize];
    public readonly long[] Created = new long[Columns.ChunkSize];
    public readonly long[] Finished = new long[Columns.ChunkSize];
    public readonly int[] Milliseconds = new int[Columns.ChunkSize];
    public readonly int[] Lane = new int[Columns.ChunkSize];
    public readonly ushort[] Tagset = new ushort[Columns.ChunkSize];
    private readonly byte[] _kindAndPriority = new byte[Columns.ChunkSize];
    private readonly Lock _noting = new();

    public ulong MinId { get; private set; } = ulong.MaxValue;

    public ulong MaxId { get; private set; }

    public JobKind KindAt(int row) => (JobKind)(_kindAndPriority[row] >> 4);

    public int PriorityAt(int row) => _kindAndPriority[row] & 15;

    public void SetKind(int row, JobKind kind, int priority) => _kindAndPriority[row] = (byte)((int)kind << 4 | priority);

    public void NoteId(ulong id)
    {
        // The loader and the writer may fill the same chunk.
        if (id >= MinId && id <= MaxId)
            return;
        lock (_noting)
        {
            MinId = Math.Min(MinId, id);
            MaxId = Math.Max(MaxId, id);
        }
    }

    /// <summary>Adds the rows whose ids lie within the bounds. A plain scan: 65,536 comparisons take some 20 µs.</summary>
    public void Find(ulong low, ulong high, long firstSeq, List<long> found)
    {
        if (low == high)
        {
            var ids = IdHigh.AsSpan();
            for (int from = 0; ids[from..].IndexOf(low) is var at and >= 0; from += at + 1)
            {
                if (Status[from + at] != 0)
                    found.Add(firstSeq + from + at);
                if (from + at + 1 >= ids.Length)
                    break;
            }

            return;
        }

        for (int row = 0; row < IdHigh.Length; row++)
        {
            if (IdHigh[row] >= low && IdHigh[row] <= high && Status[row] != 0)
                found.Add(firstSeq + row);
        }
    }
}
