using Drover.Jobs;

namespace Drover.Sqlite.Engine;

/// <summary>
/// What lists, filters and counts look at, of every job, in memory: 42 bytes a job in arrays of 65,536 rows, addressed by
/// seq. Written by the writer thread (and, for the rows before the low-water mark, once by the loader), read by anybody:
/// single fields are read whole, and rows are checked again when they have been fetched.
/// </summary>
internal sealed class Columns
{
    public const int ChunkBits = 16;
    public const int ChunkSize = 1 << ChunkBits;
    private readonly Lock _growing = new();
    private volatile Chunk?[] _chunks = new Chunk?[16];

    /// <summary>The highest seq there is.</summary>
    public long Last => Volatile.Read(ref _last);

    private long _last;

    public Chunk?[] Chunks => _chunks;

    /// <summary>Where a seq's row is; null when it was never there or all around it is deleted.</summary>
    public Chunk? Of(long seq)
    {
        var chunks = _chunks;
        long at = seq >> ChunkBits;
        return at >= 0 && at < chunks.Length ? chunks[at] : null;
    }

    public static int Row(long seq) => (int)(seq & (ChunkSize - 1));

    /// <summary>A job's status; 0 when there is no such job.</summary>
    public JobStatus StatusOf(long seq) => Of(seq)?.Status[Row(seq)] ?? 0;

    public int PriorityOf(long seq) => Of(seq)!.PriorityAt(Row(seq));

    public void Add(long seq, in JobKey key, long created, int lane, JobKind kind, int priority, ushort tagset, JobStatus status)
    {
        var chunk = Of(seq) ?? Grow(seq);
        int row = Row(seq);
        chunk.Created[row] = created;
        chunk.Lane[row] = lane;
        chunk.SetKind(row, kind, priority);
        chunk.Tagset[row] = tagset;
        chunk.SetId(row, key);
        // The status last: a row without one is not there yet.
        Volatile.Write(ref System.Runtime.CompilerServices.Unsafe.As<JobStatus, byte>(ref chunk.Status[row]), (byte)status);
        if (seq > Last)
            Volatile.Write(ref _last, seq);
    }

    public void SetStatus(long seq, JobStatus status)
    {
        var chunk = Of(seq)!;
        int row = Row(seq);
        chunk.Finished[row] = 0;
        chunk.Status[row] = status;
    }

    public void SetPriority(long seq, int priority)
    {
        var chunk = Of(seq)!;
        chunk.SetKind(Row(seq), chunk.KindAt(Row(seq)), priority);
    }

    public void SetFinished(long seq, JobStatus status, long finished, long started)
    {
        var chunk = Of(seq)!;
        int row = Row(seq);
        chunk.Milliseconds[row] = started == 0 ? -1 : (int)Math.Clamp((finished - started) / TimeSpan.TicksPerMillisecond, 0, int.MaxValue);
        chunk.Finished[row] = finished;
        chunk.Status[row] = status;
    }

    public void Remove(long seq)
    {
        if (Of(seq) is not { } chunk)
            return;
        chunk.Status[Row(seq)] = 0;
        // The last chunk still grows.
        if (seq >> ChunkBits < Last >> ChunkBits && !chunk.Status.AsSpan().ContainsAnyExcept((JobStatus)0))
            _chunks[seq >> ChunkBits] = null;
    }

    /// <summary>The jobs whose ids' first halves lie within these bounds.</summary>
    public List<long> FindIds(ulong low, ulong high)
    {
        var found = new List<long>();
        var chunks = _chunks;
        for (int at = chunks.Length - 1; at >= 0; at--)
        {
            if (chunks[at] is { } chunk && chunk.MinId <= high && chunk.MaxId >= low)
                chunk.Find(low, high, (long)at << ChunkBits, found);
        }

        return found;
    }

    /// <summary>The jobs that may have this id: one as a rule, and in any case few.</summary>
    public List<long> FindId(Guid id)
    {
        var key = new JobKey(id);
        var found = FindIds(key.High, key.High);
        found.RemoveAll(seq => Of(seq)?.IdTail[Row(seq)] != key.Tail);
        return found;
    }

    private Chunk Grow(long seq)
    {
        lock (_growing)
        {
            if (Of(seq) is { } there)
                return there;
            int at = (int)(seq >> ChunkBits);
            var chunks = _chunks;
            if (at >= chunks.Length)
                Array.Resize(ref chunks, Math.Max(at + 1, chunks.Length * 2));
            var chunk = new Chunk();
            chunks[at] = chunk;
            _chunks = chunks;
            return chunk;
        }
    }
}
