using Drover.Jobs;

namespace Drover.Sqlite.Engine;

/// <summary>65,536 rows of <see cref="Columns"/>.</summary>
internal sealed class Chunk
{
    /// <summary>Ids come nearly in order, so that the bounds of each thousand rows tell where to look.</summary>
    private const int BlockSize = 1024;
    private const int Blocks = Columns.ChunkSize / BlockSize;

    public readonly JobStatus[] Status = new JobStatus[Columns.ChunkSize];
    public readonly ulong[] IdHigh = new ulong[Columns.ChunkSize];
    public readonly uint[] IdTail = new uint[Columns.ChunkSize];
    public readonly long[] Created = new long[Columns.ChunkSize];
    public readonly long[] Finished = new long[Columns.ChunkSize];
    public readonly int[] Milliseconds = new int[Columns.ChunkSize];
    public readonly int[] Lane = new int[Columns.ChunkSize];
    public readonly ushort[] Tagset = new ushort[Columns.ChunkSize];
    private readonly byte[] _kindAndPriority = new byte[Columns.ChunkSize];
    private readonly ulong[] _minIds = new ulong[Blocks];
    private readonly ulong[] _maxIds = new ulong[Blocks];
    private readonly Lock _noting = new();

    public Chunk() => Array.Fill(_minIds, ulong.MaxValue);

    public ulong MinId { get; private set; } = ulong.MaxValue;

    public ulong MaxId { get; private set; }

    public JobKind KindAt(int row) => (JobKind)(_kindAndPriority[row] >> 4);

    public int PriorityAt(int row) => _kindAndPriority[row] & 15;

    public void SetKind(int row, JobKind kind, int priority) => _kindAndPriority[row] = (byte)((int)kind << 4 | priority);

    public void SetId(int row, in JobKey key)
    {
        IdHigh[row] = key.High;
        IdTail[row] = key.Tail;
        int block = row / BlockSize;
        if (key.High >= _minIds[block] && key.High <= _maxIds[block])
            return;
        // The loader and the writer may fill the same chunk.
        lock (_noting)
        {
            _minIds[block] = Math.Min(_minIds[block], key.High);
            _maxIds[block] = Math.Max(_maxIds[block], key.High);
            MinId = Math.Min(MinId, key.High);
            MaxId = Math.Max(MaxId, key.High);
        }
    }

    /// <summary>Adds the rows whose ids' first halves lie within the bounds.</summary>
    public void Find(ulong low, ulong high, long firstSeq, List<long> found)
    {
        for (int block = 0; block < Blocks; block++)
        {
            if (_minIds[block] > high || _maxIds[block] < low)
                continue;
            int first = block * BlockSize;
            for (int row = first; row < first + BlockSize; row++)
            {
                if (IdHigh[row] >= low && IdHigh[row] <= high && Status[row] != 0)
                    found.Add(firstSeq + row);
            }
        }
    }
}
