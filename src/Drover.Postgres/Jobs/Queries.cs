using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>Reads jobs, lists and counts.</summary>
internal sealed class Queries(Link link, Registry registry)
{
    private const string Columns =
        "j.id, j.seq, j.spec, j.payload, j.created_at, s.status, s.line, s.run_at, s.started_at, s.finished_at, s.attempt, s.used, s.outcome, s.cancel_at, s.cancel_by, s.worker";

    public Task<List<Job?>> GetAsync(IReadOnlyList<Guid> ids, CancellationToken cancel) => link.ReadAsync(async connection =>
    {
        var found = new Dictionary<Guid, Job>();
        // One snapshot, so that a job and its attempts belong together.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        var ended = new Dictionary<long, List<JobAttempt>>();
        await using (var command = connection.Command($"SELECT {Columns} FROM {States.All} WHERE j.id = ANY($1)").With(ids.Distinct().ToArray()))
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                var job = await ReadAsync(reader);
                found[job.Id] = job;
            }
        }

        await using (var command = connection.Command("SELECT seq, number, worker, started_at, finished_at, outcome FROM attempts WHERE seq = ANY($1) ORDER BY seq, number")
            .With(found.Values.Where(j => j.Attempt > 0).Select(j => j.Seq).ToArray()))
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                if (!ended.TryGetValue(reader.GetInt64(0), out var list))
                    ended[reader.GetInt64(0)] = list = [];
                list.Add(new()
                {
                    Number = reader.GetInt32(1),
                    WorkerId = reader.GetString(2),
                    StartedAt = reader.Time(3),
                    FinishedAt = reader.Time(4),
                    Outcome = StoredOutcome.Read(reader.GetFieldValue<byte[]>(5)),
                });
            }
        }

        return ids.Select(id => found.TryGetValue(id, out var job) ? job with { Attempts = AttemptsOf(job, ended.GetValueOrDefault(job.Seq, [])) } : null).ToList();
    }, cancel);

    public async Task<JobPage> ListAsync(JobQuery query, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 500, nameof(query));
        var after = ListPlace.Parse(query.Sort, query.Cursor);
        await registry.RefreshAsync(0, cancel);
        long[]? hits = await HitsAsync(query.Filter, cancel);
        var jobs = new List<(ListPlace Place, Job Job)>();
        foreach (var part in ListPart.Of(query.Sort, query.Filter, after))
        {
            int room = query.Limit + 1 - jobs.Count;
            if (room == 0)
                break;
            jobs.AddRange(await link.ReadAsync(async connection =>
            {
                // Lines that other nodes added belong to queues and priorities as well.
                await registry.RefreshNowAsync(connection, cancel);
                await using var command = new NpgsqlCommand { Connection = connection };
                var where = new FilterSql(command, query.Filter, registry, part.Priority, hits);
                part.After(where);
                command.CommandText = part.Select(Columns, where.Text, room);
                await using var reader = await command.ExecuteReaderAsync(cancel);
                var found = new List<(ListPlace, Job)>();
                while (await reader.ReadAsync(cancel))
                {
                    var job = await ReadAsync(reader);
                    found.Add((new(part.Major(job), job.Seq), job));
                }

                return found;
            }, cancel));
        }

        return jobs.Count > query.Limit
            ? new([.. jobs.Take(query.Limit).Select(j => j.Job)], jobs[query.Limit - 1].Place.ToCursor(query.Sort))
            : new([.. jobs.Select(j => j.Job)], null);
    }

    public async Task<JobCounts> CountAsync(JobFilter filter, CancellationToken cancel)
    {
        long[]? hits = await HitsAsync(filter, cancel);
        long[] counts = await link.ReadAsync(async connection =>
        {
            // Its own, since the question may be asked twice.
            long[] counted = new long[8];
            await registry.RefreshNowAsync(connection, cancel);
            await using var command = FilterSql.LinesDecide(filter) ? CountByLine(connection, filter) : CountEach(connection, filter, hits);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                if (filter.Statuses.Count == 0 || filter.Statuses.Contains((JobStatus)reader.GetInt16(0)))
                    counted[reader.GetInt16(0)] += reader.GetInt64(1);
            }

            return counted;
        }, cancel);
        return new(counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7]);
    }

    /// <summary>Reads what waits and runs; what is finished has been counted already.</summary>
    private NpgsqlCommand CountByLine(NpgsqlConnection connection, JobFilter filter)
    {
        int[]? lines = FilterSql.LinesOf(filter, registry);
        string where = lines is null ? "" : "WHERE line = ANY($1)";
        var command = connection.Command($"""
            SELECT status, sum(n)::bigint FROM done_counts {where} GROUP BY status
            UNION ALL SELECT status, count(*) FROM waiting {where} GROUP BY status
            UNION ALL SELECT 2::smallint, count(*) FROM ready {where} UNION ALL SELECT 3::smallint, count(*) FROM running {where}
            """);
        return lines is null ? command : command.With(lines);
    }

    private NpgsqlCommand CountEach(NpgsqlConnection connection, JobFilter filter, long[]? hits)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var where = new FilterSql(command, filter, registry, null, hits);
        // Few are looked up one by one; many are better put together as tables.
        bool few = hits is not null || filter.Tag is not null || filter.OriginId is not null;
        string from = ListPart.FromOf(filter);
        if (from == States.All && !few)
            from = States.Together;
        command.CommandText = $"SELECT s.status, count(*) FROM {from} WHERE {where.Text} GROUP BY s.status";
        return command;
    }

    /// <summary>The jobs that the filter's text occurs in; null when it has none, or when they are many.</summary>
    private async Task<long[]?> HitsAsync(JobFilter filter, CancellationToken cancel) =>
        filter.Text is { } text ? await link.ReadAsync(connection => Search.FindAsync(connection, text, cancel), cancel) : null;

    public async Task<IReadOnlyList<ThroughputPoint>> ThroughputAsync(DateTimeOffset from, DateTimeOffset to, TimeSpan interval, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        int points = (int)Math.Max(0, ((to - from).Ticks + interval.Ticks - 1) / interval.Ticks);
        var (counts, ran, took) = await link.ReadAsync(async connection =>
        {
            var (counts, ran, took) = (new long[points, 3], new long[points], new decimal[points]);
            await using var command = connection.Command("""
                SELECT (finished_at - $1) / $3, status, count(*), sum(finished_at - started_at)::numeric FROM (
                  SELECT finished_at, started_at, status FROM done WHERE status <> 6 AND finished_at >= $1 AND finished_at < $2
                  UNION ALL SELECT finished_at, started_at, status FROM done WHERE status = 6 AND finished_at >= $1 AND finished_at < $2) d
                GROUP BY 1, 2
                """).With(from.UtcTicks).With(to.UtcTicks).With(interval.Ticks);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                (long at, var status, long count) = (reader.GetInt64(0), (JobStatus)reader.GetInt16(1), reader.GetInt64(2));
                counts[at, (int)status - (int)JobStatus.Completed] += count;
                if (status == JobStatus.Canceled || reader.IsDBNull(3))
                    continue;
                ran[at] += count;
                took[at] += reader.GetDecimal(3);
            }

            return (counts, ran, took);
        }, cancel);
        return [.. Enumerable.Range(0, points).Select(n => new ThroughputPoint(
            from + n * interval, counts[n, 0], counts[n, 1], counts[n, 2], ran[n] == 0 ? null : TimeSpan.FromTicks((long)(took[n] / ran[n]))))];
    }

    public Task<IReadOnlyList<QueueInfo>> QueuesAsync(CancellationToken cancel) => link.ReadAsync<IReadOnlyList<QueueInfo>>(async connection =>
    {
        var queues = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        await using var command = connection.Command("""
            SELECT l.queue, l.priority, coalesce(r.n, 0), (SELECT ready_at FROM (
                (SELECT seq, ready_at FROM ready WHERE line = l.id AND back = false ORDER BY seq LIMIT 1)
                UNION ALL (SELECT seq, ready_at FROM ready WHERE line = l.id AND back = true ORDER BY seq LIMIT 1)) h ORDER BY seq LIMIT 1),
              coalesce(w.scheduled, 0), coalesce(w.retrying, 0), coalesce(g.n, 0), false
            FROM lines l LEFT JOIN (SELECT line, count(*) AS n FROM ready GROUP BY line) r ON r.line = l.id
            LEFT JOIN (SELECT line, count(*) FILTER (WHERE status = 1) AS scheduled, count(*) FILTER (WHERE status = 4) AS retrying FROM waiting GROUP BY line) w ON w.line = l.id
            LEFT JOIN (SELECT line, count(*) AS n FROM running GROUP BY line) g ON g.line = l.id
            WHERE coalesce(r.n, w.scheduled, g.n) IS NOT NULL OR EXISTS (SELECT FROM queues q WHERE q.name = l.queue)
            UNION ALL SELECT name, 1, 0, NULL, 0, 0, 0, paused FROM queues
            """);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            if (!queues.TryGetValue(reader.GetString(0), out var tally))
                queues[reader.GetString(0)] = tally = new();
            tally.Depth[reader.GetInt32(1) - 1] += reader.GetInt64(2);
            if (reader.TimeOrNull(3) is { } oldest && !(tally.Oldest <= oldest))
                tally.Oldest = oldest;
            tally.Scheduled += reader.GetInt64(4);
            tally.Retrying += reader.GetInt64(5);
            tally.Running += reader.GetInt64(6);
            tally.Paused |= reader.GetBoolean(7);
        }

        return [.. queues.Select(q => new QueueInfo(q.Key, q.Value.Paused, q.Value.Depth, q.Value.Scheduled, q.Value.Retrying, q.Value.Running, q.Value.Oldest))];
    }, cancel);

    private async ValueTask<Job> ReadAsync(NpgsqlDataReader reader)
    {
        int line = reader.GetInt32(6);
        await registry.KnowAsync(line);
        return new()
        {
            Id = reader.GetGuid(0),
            Seq = reader.GetInt64(1),
            Spec = SpecJson.Read(reader.GetFieldValue<byte[]>(2), reader.Bytes(3)),
            CreatedAt = reader.Time(4),
            Status = (JobStatus)reader.GetInt16(5),
            Priority = registry.Known.ById[line].Priority,
            RunAt = reader.TimeOrNull(7),
            StartedAt = reader.TimeOrNull(8),
            FinishedAt = reader.TimeOrNull(9),
            Attempt = reader.GetInt32(10),
            AttemptsUsed = reader.GetInt32(11),
            Outcome = reader.Bytes(12) is { } outcome ? StoredOutcome.Read(outcome) : null,
            CancelRequestedAt = reader.TimeOrNull(13),
            CanceledBy = reader.Text(14),
            WorkerId = reader.Text(15),
        };
    }

    /// <summary>The last attempt of a finished job, and the one that runs, stand in the job's own row.</summary>
    private static List<JobAttempt> AttemptsOf(Job job, List<JobAttempt> ended)
    {
        if (job.Attempt > ended.Count)
        {
            bool over = job.Status.IsFinal();
            ended.Add(new()
            {
                Number = job.Attempt,
                WorkerId = job.WorkerId!,
                StartedAt = job.StartedAt!.Value,
                FinishedAt = over ? job.FinishedAt : null,
                Outcome = over ? job.Outcome : null,
            });
        }

        return ended;
    }

    private sealed class Tally
    {
        public long[] Depth { get; } = new long[10];
        public DateTimeOffset? Oldest { get; set; }
        public long Scheduled { get; set; }
        public long Retrying { get; set; }
        public long Running { get; set; }
        public bool Paused { get; set; }
    }
}
