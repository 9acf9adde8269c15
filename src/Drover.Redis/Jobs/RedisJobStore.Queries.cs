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
    private static readonly string ReadScript = Link.Script("read");

    public async ValueTask<IReadOnlyList<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default)
    {
        Enter();
        var numbers = await NumbersAsync(ids, cancel);
        var records = await ReadAsync("get", numbers, false, cancel);
        return [.. records.Select((record, n) => record?.ToJob(numbers[n]!.Value, withAttempts: true))];
    }

    public async ValueTask<JobPage> ListAsync(JobQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 500, nameof(query));
        var after = ListPlace.Parse(query.Sort, query.Cursor);
        Enter();
        var test = new JobTest(query.Filter);
        var found = new List<(ListPlace Place, JobRecord Record)>();
        await foreach (var places in PassingAsync(test, query.Sort, after, query.Limit + 1, cancel))
        {
            var records = await ReadAsync("list", places, test.ReadsOutcome, cancel);
            for (int n = 0; n < places.Count; n++)
            {
                if (records[n] is { } record && test.Passes(record) && JobScan.Holds(places[n], query.Sort, record))
                    found.Add((places[n], record));
            }

            if (found.Count > query.Limit)
                break;
        }

        var jobs = found.Take(query.Limit).Select(f => f.Record.ToJob(f.Place.Seq, withAttempts: false)).ToList();
        return new(jobs, found.Count > query.Limit ? found[query.Limit - 1].Place.ToCursor(query.Sort) : null);
    }

    public async ValueTask<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel = default)
    {
        Enter();
        var test = new JobTest(filter);
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
                foreach (var job in (await ReadAsync("test", chunk, test.ReadsOutcome, cancel)).Where(test.Passes))
                    counts[(int)job!.Status]++;
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
        foreach (string set in (string[])["fc", "ff"])
        {
            var scan = new JobScan(link, new(JobFilter.All));
            var start = new ListPlace(SharedClock.Micros(from), 0);
            var until = SharedClock.Micros(to);
            await foreach (var chunk in ChunksAsync(UpTo(scan.SetAsync(link.Key(set), Order.Ascending, start, cancel), until), ReadAtOnce))
            {
                foreach (var job in await ReadAsync("test", chunk, false, cancel))
                {
                    if (job?.FinishedAt is not { } end || end < from || end >= to)
                        continue;
                    long at = (end - from).Ticks / interval.Ticks;
                    counts[at, (int)job.Status - (int)JobStatus.Completed]++;
                    if (job.Status == JobStatus.Canceled || job.StartedAt is not { } began)
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
            (long)queue[2], (long)queue[3], (long)queue[4], StoredTime.Read((byte[])queue[5]!));
    }

    private async ValueTask<long?[]> NumbersAsync(IReadOnlyList<Guid> ids, CancellationToken cancel)
    {
        if (ids.Count == 0)
            return [];
        var found = await link.CallAsync(db => db.HashGetAsync(link.Key("ids"), [.. ids.Select(IdOf)]), cancel);
        return [.. found.Select(number => number.IsNull ? null : (long?)long.Parse((string)number!, CultureInfo.InvariantCulture))];
    }

    private ValueTask<JobRecord?[]> ReadAsync(string what, IReadOnlyList<ListPlace> places, bool outcome, CancellationToken cancel) =>
        ReadAsync(what, [.. places.Select(place => (long?)place.Seq)], outcome, cancel);

    /// <summary>Reads jobs; null for those that are gone, and where there was no number.</summary>
    private async ValueTask<JobRecord?[]> ReadAsync(string what, long?[] numbers, bool outcome, CancellationToken cancel)
    {
        var records = new JobRecord?[numbers.Length];
        int[] known = [.. Enumerable.Range(0, numbers.Length).Where(n => numbers[n] is not null)];
        // One script holds up all others while it runs.
        foreach (int[] some in known.Chunk(ReadAtOnce))
        {
            RedisValue[] values = [what, outcome ? "1" : "", .. some.Select(n => NumberOf(numbers[n]!.Value))];
            var answers = (RedisResult[])(await link.RunAsync(ReadScript, values, cancel))!;
            for (int n = 0; n < some.Length; n++)
                records[some[n]] = JobRecord.Read(answers[n]);
        }

        return records;
    }

    private static RedisValue NumberOf(long seq) => seq.ToString("D12", CultureInfo.InvariantCulture);

    private static RedisValue IdOf(Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>The places at which a job stands that passes, some at a time.</summary>
    private async IAsyncEnumerable<List<ListPlace>> PassingAsync(
        JobTest test, JobSort sort, ListPlace? after, int wanted, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var passing = new List<ListPlace>();
        await foreach (var chunk in ChunksAsync(new JobScan(link, test).WalkAsync(sort, after, cancel), test.PassesAll ? Math.Min(ReadAtOnce, wanted) : ReadAtOnce))
        {
            if (test.PassesAll)
            {
                yield return chunk;
                continue;
            }

            var records = await ReadAsync("test", chunk, test.ReadsOutcome, cancel);
            passing.AddRange(chunk.Where((_, n) => test.Passes(records[n])));
            while (passing.Count > 0)
            {
                yield return passing.GetRange(0, Math.Min(wanted, passing.Count));
                passing.RemoveRange(0, Math.Min(wanted, passing.Count));
            }
        }
    }

    private static async IAsyncEnumerable<ListPlace> UpTo(IAsyncEnumerable<ListPlace> walk, long until)
    {
        await foreach (var place in walk)
        {
            if (place.Major > until)
                yield break;
            yield return place;
        }
    }

    private static async IAsyncEnumerable<List<ListPlace>> ChunksAsync(IAsyncEnumerable<ListPlace> walk, int size)
    {
        var chunk = new List<ListPlace>(size);
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
