using System.Globalization;
using Drover.Jobs;
using Drover.Sqlite.Engine;

namespace Drover.Sqlite.Jobs;

/// <summary>A job's place in a sorted list: two numbers that compare ascending, whatever the sort. It is the cursor too.</summary>
internal readonly record struct JobPlace(long Major, long Minor) : IComparable<JobPlace>
{
    public static JobPlace Of(JobSort sort, Chunk chunk, int row, long seq) => sort switch
    {
        JobSort.CreatedDescending => new(0, -seq),
        JobSort.CreatedAscending => new(0, seq),
        JobSort.FinishedDescending => new(-chunk.Finished[row], -seq),
        JobSort.Priority => new(chunk.PriorityAt(row), seq),
        _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, null),
    };

    /// <exception cref="ArgumentException">The text is no cursor, or one of another sort.</exception>
    public static JobPlace Parse(JobSort sort, string cursor)
    {
        string[] parts = cursor.Split('.');
        if (parts.Length == 3 && parts[0] == Letter(sort)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long major)
            && long.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long minor))
            return new(major, minor);
        throw new ArgumentException("This is no cursor of a list with this sort.", nameof(cursor));
    }

    public string ToCursor(JobSort sort) => string.Create(CultureInfo.InvariantCulture, $"{Letter(sort)}.{Major}.{Minor}");

    public int CompareTo(JobPlace other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    private static string Letter(JobSort sort) => sort switch
    {
        JobSort.CreatedDescending => "d",
        JobSort.CreatedAscending => "a",
        JobSort.FinishedDescending => "f",
        _ => "p",
    };
}

/// <summary>Picks the jobs of a page out of the columns.</summary>
internal static class JobList
{
    /// <summary>The first places after a point, one more than the page holds when there are more.</summary>
    public static List<(JobPlace Place, long Seq)> Pick(JobQuery query, JobFilterScan filter, Columns columns)
    {
        JobPlace? after = query.Cursor is null ? null : JobPlace.Parse(query.Sort, query.Cursor);
        int wanted = query.Limit + 1;
        if (filter.Within is { } within)
            return [.. Places(within).Order().Take(wanted)];
        return query.Sort is JobSort.CreatedDescending or JobSort.CreatedAscending
            ? InOrderOfSeq(query.Sort, after, wanted, filter, columns)
            : First(wanted, Places(AllSeqs(columns)));

        IEnumerable<(JobPlace Place, long Seq)> Places(IEnumerable<long> seqs)
        {
            foreach (long seq in seqs)
            {
                int row = Columns.Row(seq);
                if (columns.Of(seq) is not { } chunk || !filter.Matches(chunk, row, seq))
                    continue;
                var place = JobPlace.Of(query.Sort, chunk, row, seq);
                if (after is not { } point || place.CompareTo(point) > 0)
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
    private static List<(JobPlace Place, long Seq)> InOrderOfSeq(JobSort sort, JobPlace? after, int wanted, JobFilterScan filter, Columns columns)
    {
        var picked = new List<(JobPlace Place, long Seq)>(wanted);
        int step = sort == JobSort.CreatedAscending ? 1 : -1;
        long seq = after is { } point ? (point.Minor * step) + step : step > 0 ? 1 : columns.Last;
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

    private static List<(JobPlace Place, long Seq)> First(int wanted, IEnumerable<(JobPlace Place, long Seq)> places)
    {
        // A heap of the best so far with the last of them on top.
        var best = new PriorityQueue<long, JobPlace>(Comparer<JobPlace>.Create((a, b) => b.CompareTo(a)));
        foreach (var (place, seq) in places)
        {
            if (best.Count < wanted)
                best.Enqueue(seq, place);
            else if (best.TryPeek(out _, out var last) && place.CompareTo(last) < 0)
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
}
