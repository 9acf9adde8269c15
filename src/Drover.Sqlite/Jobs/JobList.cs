using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Picks the jobs of a page out of the columns.</summary>
internal static class JobList
{
    /// <summary>The first places after a point, one more than the page holds when there are more.</summary>
    public static List<(ListPlace Place, long Seq)> Pick(JobQuery query, JobFilterScan filter, Columns columns)
    {
        ListPlace? after = ListPlace.Parse(query.Sort, query.Cursor);
        int wanted = query.Limit + 1;
        if (filter.Within is { } within)
            return [.. Places(within).Order().Take(wanted)];
        return query.Sort is JobSort.CreatedDescending or JobSort.CreatedAscending
            ? InOrderOfSeq(query.Sort, after, wanted, filter, columns)
            : First(wanted, Places(AllSeqs(columns)));

        IEnumerable<(ListPlace Place, long Seq)> Places(IEnumerable<long> seqs)
        {
            foreach (long seq in seqs)
            {
                int row = Columns.Row(seq);
                if (columns.Of(seq) is not { } chunk || !filter.Matches(chunk, row, seq))
                    continue;
                var place = PlaceOf(query.Sort, chunk, row, seq);
                if (after is not { } point || place > point)
                    yield return (place, seq);
            }
        }
    }

    /// <summary>How many jobs match, by status.</summary>
    public static long[] Count(JobFilterScan filter, Columns columns)
    {
        var counts = new long[8];
        foreach (long seq in filter.Within ?? AllSeqs(columns))
        {
            if (columns.Of(seq) is { } chunk && filter.Matches(chunk, Columns.Row(seq), seq))
                counts[(int)chunk.Status[Columns.Row(seq)]]++;
        }

        return counts;
    }

    /// <summary>Stops as soon as the page is full.</summary>
    private static List<(ListPlace Place, long Seq)> InOrderOfSeq(JobSort sort, ListPlace? after, int wanted, JobFilterScan filter, Columns columns)
    {
        var picked = new List<(ListPlace Place, long Seq)>(wanted);
        int step = sort == JobSort.CreatedAscending ? 1 : -1;
        long seq = after is { } point ? (point.Seq * step) + step : step > 0 ? 1 : columns.Last;
        for (; seq > 0 && seq <= columns.Last && picked.Count < wanted; seq += step)
        {
            if (columns.Of(seq) is not { } chunk)
            {
                // Nothing is left of this chunk: on to its edge.
                long first = seq & ~(long)(Columns.ChunkSize - 1);
                seq = step > 0 ? first + Columns.ChunkSize - 1 : first;
                continue;
            }

            if (filter.Matches(chunk, Columns.Row(seq), seq))
                picked.Add((new(0, seq * step), seq));
        }

        return picked;
    }

    private static List<(ListPlace Place, long Seq)> First(int wanted, IEnumerable<(ListPlace Place, long Seq)> places)
    {
        // A heap of the best so far with the last of them on top.
        var best = new PriorityQueue<long, ListPlace>(Comparer<ListPlace>.Create((a, b) => b.CompareTo(a)));
        foreach (var (place, seq) in places)
        {
            if (best.Count < wanted)
                best.Enqueue(seq, place);
            else if (best.TryPeek(out _, out var last) && place < last)
                best.DequeueEnqueue(seq, place);
        }

        return [.. best.UnorderedItems.Select(item => (item.Priority, item.Element)).Order()];
    }

    private static IEnumerable<long> AllSeqs(Columns columns)
    {
        var chunks = columns.Chunks;
        for (int at = 0; at < chunks.Length; at++)
        {
            if (chunks[at] is null)
                continue;
            long first = (long)at << Columns.ChunkBits;
            for (int row = 0; row < Columns.ChunkSize; row++)
                yield return first + row;
        }
    }

    /// <summary>Two numbers that compare ascending, whatever the sort.</summary>
    private static ListPlace PlaceOf(JobSort sort, Chunk chunk, int row, long seq) => sort switch
    {
        JobSort.CreatedDescending => new(0, -seq),
        JobSort.CreatedAscending => new(0, seq),
        JobSort.FinishedDescending => new(-chunk.Finished[row], -seq),
        JobSort.Priority => new(chunk.PriorityAt(row), seq),
        _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, null),
    };
}
