using System.Globalization;
using System.Runtime.CompilerServices;
using Drover.Jobs;
using Drover.Redis.Engine;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>A job's place in a list: where it stands by score, and its seq. It is also the cursor.</summary>
internal readonly record struct Place(long Major, long Seq)
{
    public static Place? Parse(JobSort sort, string? cursor)
    {
        if (cursor is null)
            return null;
        string[] parts = cursor.Split('.');
        if (parts.Length == 3 && parts[0] == Letter(sort)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long major)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long seq))
            return new(major, seq);
        throw new ArgumentException("This is no cursor of a list with this sort.", nameof(cursor));
    }

    public string ToText(JobSort sort) => string.Create(CultureInfo.InvariantCulture, $"{Letter(sort)}.{Major}.{Seq}");

    private static string Letter(JobSort sort) => sort switch
    {
        JobSort.CreatedDescending => "d",
        JobSort.CreatedAscending => "a",
        JobSort.FinishedDescending => "f",
        _ => "p",
    };
}

/// <summary>Walks through sorted sets in the order of a list, in chunks.</summary>
internal sealed class JobScan(Link link, JobTest test)
{
    private const int Chunk = 250;
    private const long Unfinished = -1;

    public async IAsyncEnumerable<Place> WalkAsync(JobSort sort, Place? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (sort is JobSort.CreatedAscending or JobSort.CreatedDescending)
        {
            var order = sort == JobSort.CreatedAscending ? Order.Ascending : Order.Descending;
            await foreach (var (_, seq) in SetAsync(await test.IndexAsync(cancel), order, after is { } a ? new(a.Seq, a.Seq) : null, cancel))
                yield return new(0, seq);
        }
        else if (sort == JobSort.Priority)
        {
            for (int priority = test.Priority ?? 1; priority <= (test.Priority ?? 10); priority++)
            {
                if (priority < after?.Major)
                    continue;
                Place? from = after is { } a && a.Major == priority ? new(a.Seq, a.Seq) : null;
                await foreach (var (_, seq) in SetAsync(link.Key("p:" + priority), Order.Ascending, from, cancel))
                    yield return new(priority, seq);
            }
        }
        else
        {
            if (after is not { Major: Unfinished })
            {
                await foreach (var place in MergeAsync(["fc", "ff"], after, cancel))
                    yield return place;
            }

            Place? rest = after is { Major: Unfinished } unfinished ? new(unfinished.Seq, unfinished.Seq) : null;
            await foreach (var (_, seq) in MergeAsync(["s:1", "s:2", "s:3", "s:4"], rest, cancel))
                yield return new(Unfinished, seq);
        }
    }

    /// <summary>One sorted set; equal scores stand in order of seq.</summary>
    public async IAsyncEnumerable<Place> SetAsync(RedisKey key, Order order, Place? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        double bound = after?.Major ?? (order == Order.Ascending ? double.NegativeInfinity : double.PositiveInfinity);
        var last = after;
        for (long skip = 0; ;)
        {
            var entries = await link.CallAsync(db => db.SortedSetRangeByScoreWithScoresAsync(key,
                order == Order.Ascending ? bound : double.NegativeInfinity, order == Order.Ascending ? double.PositiveInfinity : bound,
                Exclude.None, order, skip, Chunk), cancel);
            foreach (var entry in entries)
            {
                var place = new Place((long)entry.Score, long.Parse((string)entry.Element!, CultureInfo.InvariantCulture));
                if (last is { } l && Compare(place, l) * (order == Order.Ascending ? 1 : -1) <= 0)
                    continue;
                last = place;
                yield return place;
            }

            if (entries.Length < Chunk)
                yield break;
            // Many of one score: go on among them by count; else go on from the last score.
            double reached = entries[^1].Score;
            skip = reached == bound ? skip + Chunk : 0;
            bound = reached;
        }
    }

    private async IAsyncEnumerable<Place> MergeAsync(string[] names, Place? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var walks = names.Select(name => SetAsync(link.Key(name), Order.Descending, after, cancel).GetAsyncEnumerator(cancel)).ToList();
        try
        {
            var alive = new List<IAsyncEnumerator<Place>>();
            foreach (var walk in walks)
            {
                if (await walk.MoveNextAsync())
                    alive.Add(walk);
            }

            while (alive.Count > 0)
            {
                var first = alive.MaxBy(walk => (walk.Current.Major, walk.Current.Seq))!;
                yield return first.Current;
                if (!await first.MoveNextAsync())
                    alive.Remove(first);
            }
        }
        finally
        {
            foreach (var walk in walks)
                await walk.DisposeAsync();
        }
    }

    private static int Compare(Place a, Place b) => (a.Major, a.Seq).CompareTo((b.Major, b.Seq));
}
