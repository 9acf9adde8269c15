using System.Collections.Concurrent;
using System.Collections.Immutable;
using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>
/// Leases jobs in two statements: one looks at the heads of the lines, the other takes as many from each line as were
/// chosen. Rows that another node is taking at the same moment are passed over, so that nobody waits.
/// </summary>
internal sealed class Leaser(Link link, Registry registry, SharedClock clock, JobCache cache, QueueOptions options) : IDisposable
{
    /// <summary>So many jobs are looked at in all, or two of each line.</summary>
    private const int MostLooked = 1000;

    /// <summary>Where there are more lines, those that have jobs are found first.</summary>
    private const int ManyLines = 100;

    private const string EachLine = "unnest($1, $2) AS l (line, floor)";

    private const string LinesWithJobs = """
        (WITH RECURSIVE a AS (
          (SELECT line FROM ready ORDER BY line LIMIT 1)
          UNION ALL SELECT (SELECT r.line FROM ready r WHERE r.line > a.line ORDER BY r.line LIMIT 1) FROM a WHERE a.line IS NOT NULL)
        SELECT i.* FROM unnest($1, $2) AS i (line, floor) WHERE (i.line IN (SELECT line FROM a)) IS TRUE) l
        """;

    private static readonly string LookAtEach = LookSql(EachLine);
    private static readonly string LookAtMany = LookSql(LinesWithJobs);

    private static string LookSql(string lines) => $"""
        SELECT v.version, c.line, c.seq, c.ready_at, c.back FROM registry v LEFT JOIN (
          SELECT c.* FROM {lines} CROSS JOIN LATERAL (
            (SELECT r.line, r.seq, r.ready_at, false AS back FROM ready r WHERE r.line = l.line AND r.back = false AND r.seq >= l.floor ORDER BY r.seq LIMIT $3)
            UNION ALL
            (SELECT r.line, r.seq, r.ready_at, true FROM ready r WHERE r.line = l.line AND r.back = true ORDER BY r.seq LIMIT $3)) c) c ON true
        """;

    // A unique key that ends in a line break is free once its job has started, and its job never has it again.
    private static readonly string TakeSql = $"""
        WITH w AS (SELECT * FROM unnest($1, $2, $3, $4, $5) AS w (line, back, floor, most, limited)),
        p AS MATERIALIZED (SELECT c.tid FROM w CROSS JOIN LATERAL (
          SELECT r.ctid AS tid FROM ready r WHERE r.line = w.line AND r.back = w.back AND r.seq >= w.floor ORDER BY r.seq LIMIT w.most FOR UPDATE SKIP LOCKED) c),
        g AS (DELETE FROM ready r WHERE r.ctid = ANY (ARRAY (SELECT tid FROM p)) RETURNING r.*),
        n AS ({States.Into("running", "g", "status=3", "attempt=attempt + 1", "started_at=$6", "worker=$7", "instance=$8", "lease_until=$9", "lease_length=$10", "limited=(SELECT w.limited FROM w WHERE w.line = g.line LIMIT 1)", @"unique_key=CASE WHEN right(unique_key, 1) = E'\n' THEN NULL ELSE unique_key END")}),
        k AS (DELETE FROM unique_keys WHERE key = ANY (ARRAY (SELECT unique_key FROM g WHERE right(unique_key, 1) = E'\n')) AND seq = ANY (ARRAY (SELECT seq FROM g)))
        SELECT g.seq, g.line, g.attempt + 1, g.ready_at, g.out_seq, g.used, j.id, j.spec, j.payload
        FROM g CROSS JOIN LATERAL (SELECT id, spec, payload FROM jobs WHERE seq = g.seq LIMIT 1) j
        """;

    private readonly ConcurrentDictionary<string, int> _limits = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(2);
    private readonly Floors _floors = new();
    private readonly LeasePace _pace = new();

    public void SetLimits(IReadOnlyDictionary<string, int?> limits)
    {
        foreach (var (key, limit) in limits)
        {
            if (limit is { } most)
                _limits[key] = most;
            else
                _limits.TryRemove(key, out _);
        }
    }

    public async ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel)
    {
        await registry.RefreshAsync(0, cancel);
        await _turns.WaitAsync(cancel);
        try
        {
            await _pace.WaitAsync();
            long began = TimeProvider.System.GetTimestamp();
            var leases = new List<Lease>();
            while (leases.Count < request.Max)
            {
                var lines = Lines(request);
                bool limited = !_limits.IsEmpty && lines.Any(l => _limits.ContainsKey(l.LimitKey) || _limits.ContainsKey(JobRules.QueueLimitKey(l.Queue)));
                var round = limited
                    ? await link.TransactAsync(async connection =>
                    {
                        // One at a time, so that what runs is counted right.
                        await using var wait = connection.Command("SELECT pg_advisory_xact_lock(hashtextextended('drover limits of ' || current_schema(), 0))");
                        await wait.ExecuteNonQueryAsync();
                        return await RoundAsync(connection, request, lines, leases);
                    })
                    : await link.WriteAsync(connection => RoundAsync(connection, request, lines, leases));
                if (round == Round.Old)
                    await registry.RefreshAsync(registry.Known.Version + 1, cancel);
                else if (round == Round.Last)
                    break;
            }

            _pace.Leased(leases.Count, request.Max, began);
            return leases;
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private List<Line> Lines(LeaseRequest request)
    {
        var known = registry.Known;
        var named = request.Queues.Select(q => q.Name).ToHashSet(StringComparer.Ordinal);
        bool others = named.Contains("*");
        var satisfied = new Dictionary<string, bool>(StringComparer.Ordinal);
        var lines = new List<Line>();
        foreach (var line in known.Lines)
        {
            if ((!others && !named.Contains(line.Queue)) || known.Paused.Contains(line.Queue))
                continue;
            if (!satisfied.TryGetValue(line.Needs, out bool satisfies))
                satisfied[line.Needs] = satisfies = request.Capabilities.Satisfies(line.Needs);
            if (satisfies)
                lines.Add(line);
        }

        return lines;
    }

    private async Task<Round> RoundAsync(NpgsqlConnection connection, LeaseRequest request, List<Line> lines, List<Lease> leases)
    {
        long version = registry.Known.Version;
        int wanted = request.Max - leases.Count;
        int deep = Math.Min(wanted, Math.Max(2, MostLooked / Math.Max(1, lines.Count)));
        var candidates = new Candidates(options, clock.Now, deep);
        int[] ids = [.. lines.Select(l => l.Id)];
        long[] floors = _floors.Of(ids, out bool full);
        long began = TimeProvider.System.GetTimestamp();
        var byId = registry.Known.ById;
        await using (var look = connection.Command(lines.Count > ManyLines ? LookAtMany : LookAtEach).With(ids).With(floors).With(deep))
        {
            await using var reader = await look.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                if (reader.GetInt64(0) != version)
                    return Round.Old;
                if (!reader.IsDBNull(1))
                    candidates.Add(byId[reader.GetInt32(1)], new(reader.GetInt64(2), reader.GetInt64(3), reader.GetBoolean(4)));
            }
        }

        if (full)
            _floors.Took(began);
        await CountRunningAsync(connection, lines, candidates);
        Bind(candidates, request.Permits, leases);
        var chosen = candidates.Take(wanted, request.Queues);
        if (chosen.Count == 0)
            return Round.Last;
        int before = leases.Count;
        await TakeAsync(connection, request, chosen, leases, ids, floors, byId);
        // Fewer than chosen: others were quicker, and there may be more.
        return candidates.Cut || leases.Count - before < chosen.Count ? Round.Again : Round.Last;
    }

    private async Task CountRunningAsync(NpgsqlConnection connection, List<Line> lines, Candidates candidates)
    {
        if (_limits.IsEmpty)
            return;
        string[] keys = [.. lines.Select(l => l.LimitKey).Where(_limits.ContainsKey).Distinct()];
        string[] queues = [.. lines.Select(l => l.Queue).Distinct().Where(queue => _limits.ContainsKey(JobRules.QueueLimitKey(queue)))];
        foreach (string key in keys.Concat(queues.Select(JobRules.QueueLimitKey)))
            candidates.Room[key] = _limits.GetValueOrDefault(key, int.MaxValue);
        if (keys.Length > 0)
        {
            await CountAsync("""
                SELECT l.limit_key, count(*) FROM lines l JOIN running r ON r.line = l.id AND r.limited WHERE l.limit_key = ANY($1) GROUP BY 1
                """, keys);
        }

        if (queues.Length > 0)
            await CountAsync("SELECT 'queue:' || l.queue, count(*) FROM running r JOIN lines l ON l.id = r.line WHERE l.queue = ANY($1) GROUP BY 1", queues);

        async Task CountAsync(string sql, string[] names)
        {
            await using var command = connection.Command(sql).With(names);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                candidates.Room[reader.GetString(0)] -= reader.GetInt64(1);
        }
    }

    /// <summary>What the caller may lease at most, less what it has by now.</summary>
    private static void Bind(Candidates candidates, IReadOnlyDictionary<string, int>? permits, List<Lease> leases)
    {
        foreach (var (key, most) in permits ?? ImmutableDictionary<string, int>.Empty)
        {
            long left = most - leases.Count(lease => JobRules.LimitKeyOf(lease.Spec) == key || JobRules.QueueLimitKey(lease.Spec.Queue) == key);
            candidates.Room[key] = Math.Min(candidates.Room.GetValueOrDefault(key, long.MaxValue), left);
        }
    }

    private async Task TakeAsync(
        NpgsqlConnection connection, LeaseRequest request, List<(int Line, Candidate Job)> chosen, List<Lease> leases, int[] ids, long[] floors,
        ImmutableDictionary<int, Line> byId)
    {
        var takings = chosen.CountBy(c => new Taking(c.Line, c.Job.Back)).ToArray();
        var places = chosen.Select((c, n) => (c.Job.Seq, n)).ToDictionary();
        long now = clock.Now;
        await using var take = connection.Command(TakeSql)
            .With(takings.Select(t => t.Key.Line).ToArray()).With(takings.Select(t => t.Key.Back).ToArray())
            .With(takings.Select(t => t.Key.Back ? 0 : floors[Array.IndexOf(ids, t.Key.Line)]).ToArray())
            .With(takings.Select(t => (long)t.Value).ToArray()).With(takings.Select(t => byId[t.Key.Line].LimitKey.Length > 0).ToArray())
            .With(now).With(request.WorkerId).With(request.InstanceId).With(clock.SteadyIn(request.Duration)).With(request.Duration.Ticks);
        var taken = new List<(int Place, long Seq, Lease Lease)>(chosen.Count);
        await using (var reader = await take.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                long seq = reader.GetInt64(0);
                var id = reader.GetGuid(6);
                var spec = SpecJson.Read(reader.GetFieldValue<byte[]>(7), reader.Bytes(8));
                cache.Add(id, new(seq, spec, reader.GetInt32(5)));
                if (places.TryGetValue(seq, out int place))
                    _floors.Leased(reader.GetInt32(1), seq);
                else
                    place = int.MaxValue;
                taken.Add((place, seq, new()
                {
                    Token = new(id, reader.GetInt32(2)),
                    Spec = spec,
                    ReadyAt = reader.Time(3),
                    StartedAt = new(now, TimeSpan.Zero),
                    FirstOutputSeq = (reader.IsDBNull(4) ? 0 : reader.GetInt64(4)) + 1,
                }));
            }
        }

        leases.AddRange(taken.OrderBy(t => (t.Place, t.Seq)).Select(t => t.Lease));
    }

    private enum Round
    {
        Last,
        Again,
        Old,
    }
}
