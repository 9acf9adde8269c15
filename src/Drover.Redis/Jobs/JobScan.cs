using System.Globalization;
using System.Runtime.CompilerServices;
using Drover.Jobs;
using Drover.Redis.Engine;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>Walks through places in the order of a list. At some no job stands that the list wants: whoever reads the jobs leaves them out.</summary>
internal sealed class JobScan(Link link, JobTest test)
{
    private const int Chunk = 250;
    private static readonly JobStatus[] Open = [JobStatus.Scheduled, JobStatus.Queued, JobStatus.Running, JobStatus.Retrying];
    private readonly JobIndex _index = new(link);

    public async IAsyncEnumerable<Place> WalkAsync(JobSort sort, Place? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var names = test.Indexes();
        if (sort is JobSort.CreatedAscending or JobSort.CreatedDescending)
        {
            var order = sort == JobSort.CreatedAscending ? Order.Ascending : Order.Descending;
            await foreach (long seq in _index.WalkAsync(test.Statuses, names, order, after?.Seq, cancel))
                yield return new(0, seq);
        }
        else if (sort == JobSort.Priority)
        {
            for (int priority = test.Priority ?? 1; priority <= (test.Priority ?? 10); priority++)
            {
                if (priority < after?.Major)
                    continue;
                long? from = after is { } a && a.Major == priority ? a.Seq : null;
                await foreach (long seq in _index.WalkAsync(test.Statuses, [.. names, "p" + priority], Order.Ascending, from, cancel))
                    yield return new(priority, seq);
            }
        }
        else
        {
            if (after is not { Major: Place.Unfinished })
            {
                await foreach (var place in MergeAsync(["fc", "ff"], after, cancel))
                    yield return place;
            }

            long? rest = after is { Major: Place.Unfinished } unfinished ? unfinished.Seq : null;
            await foreach (long seq in _index.WalkAsync([.. test.Statuses.Intersect(Open)], names, Order.Descending, rest, cancel))
                yield return new(Place.Unfinished, seq);
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
