using System.Globalization;
using System.Runtime.CompilerServices;
using Drover.Jobs;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>Walks through places in the order of a list. At some no job stands that the list wants: whoever reads the jobs leaves them out.</summary>
internal sealed class JobScan(Link link, JobTest test)
{
    /// <summary>Where jobs that have not ended stand in a list by their end.</summary>
    private const long Unfinished = -1;

    private const int Chunk = 250;
    private static readonly JobStatus[] Open = [JobStatus.Scheduled, JobStatus.Queued, JobStatus.Running, JobStatus.Retrying];
    private readonly JobIndex _index = new(link);

    public async IAsyncEnumerable<ListPlace> WalkAsync(JobSort sort, ListPlace? after, [EnumeratorCancellation] CancellationToken cancel)
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
            if (after is not { Major: Unfinished })
            {
                await foreach (var place in MergeAsync(["fc", "ff"], after, cancel))
                    yield return place;
            }

            long? rest = after is { Major: Unfinished } unfinished ? unfinished.Seq : null;
            await foreach (long seq in _index.WalkAsync([.. test.Statuses.Intersect(Open)], names, Order.Descending, rest, cancel))
                yield return new(Unfinished, seq);
        }
    }

    /// <summary>One sorted set; equal scores stand in order of seq.</summary>
    public async IAsyncEnumerable<ListPlace> SetAsync(RedisKey key, Order order, ListPlace? after, [EnumeratorCancellation] CancellationToken cancel)
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
                var place = new ListPlace((long)entry.Score, long.Parse((string)entry.Element!, CultureInfo.InvariantCulture));
                if (last is { } l && (order == Order.Ascending ? place <= l : place >= l))
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

    private async IAsyncEnumerable<ListPlace> MergeAsync(string[] names, ListPlace? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var walks = names.Select(name => SetAsync(link.Key(name), Order.Descending, after, cancel).GetAsyncEnumerator(cancel)).ToList();
        try
        {
            var alive = new List<IAsyncEnumerator<ListPlace>>();
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

    /// <summary>Whether the job, as it is now, stands at this place.</summary>
    public static bool Holds(ListPlace place, JobSort sort, JobRecord job) => sort switch
    {
        JobSort.Priority => job.Priority == place.Major,
        JobSort.FinishedDescending => job.Status.IsFinal() == (place.Major != Unfinished),
        _ => true,
    };
}
