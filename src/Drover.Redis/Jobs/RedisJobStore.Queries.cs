using System.Globalization;
using Drover.Jobs;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

internal sealed partial class RedisJobStore
{
    private const int ReadAtOnce = 250;
    private static readonly string QueuesScript = Link.Script("queues");
    private static readonly string CountsScript = Link.Script("counts");

    public async ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        Enter();
        var places = await PlacesAsync(ids, cancel);
        var hashes = await link.CallAsync(db => Task.WhenAll(places.Select(place =>
            place.IsNull ? Task.FromResult<HashEntry[]>([]) : db.HashGetAllAsync(JobKey(place)))), cancel);
        return [.. hashes.Select((hash, n) => hash.Length == 0 ? null : new JobHash(hash).ToJob(long.Parse((string)places[n]!, CultureInfo.InvariantCulture), withAttempts: true))];
    }

    public async ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 500, nameof(query));
        var after = Place.Parse(query.Sort, query.Cursor);
        Enter();
        var test = new JobTest(query.Filter, link);
        var places = new List<Place>();
        var jobs = new List<Job>();
        await foreach (var (place, job) in PassingAsync(test, new JobScan(link, test).WalkAsync(query.Sort, after, cancel), Math.Min(ReadAtOnce, query.Limit + 1), cancel))
        {
            var hash = new JobHash(await link.CallAsync(db => db.HashGetAllAsync(job), cancel));
            if (!hash.Exists)
                continue;
            places.Add(place);
            jobs.Add(hash.ToJob(place.Seq, withAttempts: false));
            if (jobs.Count > query.Limit)
                break;
        }

        return jobs.Count > query.Limit ? new([.. jobs.Take(query.Limit)], places[query.Limit - 1].ToText(query.Sort)) : new(jobs, null);
    }

    public async ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default)
    {
        Enter();
        var test = new JobTest(filter, link);
        long[] counts = new long[8];
        if (test.StatusesAlone)
        {
            var all = await link.RunAsync(CountsScript, [], cancel);
            foreach (var status in test.Statuses)
                counts[(int)status] = (long)all[(int)status - 1];
        }
        else
        {
            await foreach (var chunk in ChunksAsync(new JobScan(link, test).WalkAsync(JobSort.CreatedAscending, null, cancel), ReadAtOnce))
            {
                foreach (var job in (await ReadAsync(chunk, JobTest.Fields, cancel)).Where(test.Passes))
                    counts[(int)job.Status]++;
            }
        }

        return new(counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7]);
    }

    public async ValueTask<IReadOnlyList<ThroughputPoint>> ThroughputAsync(
        DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Enter();
        int points = (int)Math.Max(0, ((to - from).Ticks + interval.Ticks - 1) / interval.Ticks);
        var counts = new long[points, 3];
        long[] ran = new long[points];
        decimal[] took = new decimal[points];
        RedisValue[] fields = ["st", "fin", "sat"];
        foreach (string set in (string[])["fc", "ff"])
        {
            var scan = new JobScan(link, new(JobFilter.All, link));
            var start = new Place(SharedClock.Micros(from), 0);
            var until = SharedClock.Micros(to);
            await foreach (var chunk in ChunksAsync(UpTo(scan.SetAsync(link.Key(set), Order.Ascending, start, cancel), until), ReadAtOnce))
            {
                foreach (var job in await ReadAsync(chunk, fields, cancel))
                {
                    if (!job.Exists || job.Time("fin") is not { } end || end < from || end >= to)
                        continue;
                    long at = (end - from).Ticks / interval.Ticks;
                    counts[at, (int)job.Status - (int)JobStatus.Completed]++;
                    if (job.Status == JobStatus.Canceled || job.Time("sat") is not { } began)
                        continue;
                    ran[at]++;
                    took[at] += (end - began).Ticks;
                }
            }
        }

        return [.. Enumerable.Range(0, points).Select(n => new ThroughputPoint(
            from + n * interval, counts[n, 0], counts[n, 1], counts[n, 2], ran[n] == 0 ? null : TimeSpan.FromTicks((long)(took[n] / ran[n]))))];
    }

    public async ValueTask<IReadOnlyList<QueueInfo>> ListQueuesAsync(CancellationToken cancel = default)
    {
        Enter();
        var answers = (RedisResult[])(await link.RunAsync(QueuesScript, [], cancel))!;
        return [.. answers.Select(Read).OrderBy(q => q.Name, StringComparer.Ordinal)];

        static QueueInfo Read(RedisResult queue) => new(
            (string)queue[0]!, (int)queue[1] == 1, [.. Enumerable.Range(6, 10).Select(n => (long)queue[n])],
            (long)queue[2], (long)queue[3], (long)queue[4], (string)queue[5]! is { Length: > 0 } ticks ? new(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero) : null);
    }

    private RedisKey JobKey(RedisValue place) => link.Key("j:" + (string)place!);

    private RedisKey JobKey(Place place) => link.Key(string.Create(CultureInfo.InvariantCulture, $"j:{place.Seq:D12}"));

    private async ValueTask<RedisValue[]> PlacesAsync(IReadOnlyList<Guid> ids, CancellationToken cancel) =>
        ids.Count == 0 ? [] : await link.CallAsync(db => db.HashGetAsync(link.Key("ids"), [.. ids.Select(id => (RedisValue)id.ToString("n"))]), cancel);

    private async ValueTask<JobHash[]> ReadAsync(IReadOnlyList<Place> places, RedisValue[] fields, CancellationToken cancel)
    {
        var values = await link.CallAsync(db => Task.WhenAll(places.Select(place => db.HashGetAsync(JobKey(place), fields))), cancel);
        return [.. values.Select(found => new JobHash(fields, found))];
    }

    private async IAsyncEnumerable<(Place Place, RedisKey Job)> PassingAsync(
        JobTest test, IAsyncEnumerable<Place> walk, int size, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var chunk in ChunksAsync(walk, size))
        {
            var passes = test.PassesAll ? null : await ReadAsync(chunk, JobTest.Fields, cancel);
            for (int n = 0; n < chunk.Count; n++)
            {
                if (passes is null || test.Passes(passes[n]))
                    yield return (chunk[n], JobKey(chunk[n]));
            }
        }
    }

    private static async IAsyncEnumerable<Place> UpTo(IAsyncEnumerable<Place> walk, long until)
    {
        await foreach (var place in walk)
        {
            if (place.Major > until)
                yield break;
            yield return place;
        }
    }

    private static async IAsyncEnumerable<List<Place>> ChunksAsync(IAsyncEnumerable<Place> walk, int size)
    {
        var chunk = new List<Place>(size);
        await foreach (var place in walk)
        {
            chunk.Add(place);
            if (chunk.Count < size)
                continue;
            yield return chunk;
            chunk = new(size);
        }

        if (chunk.Count > 0)
            yield return chunk;
    }
}
