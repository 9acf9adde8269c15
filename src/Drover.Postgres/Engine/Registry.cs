using System.Collections.Concurrent;
using System.Collections.Immutable;
using Drover.Jobs;

namespace Drover.Postgres.Engine;

/// <summary>Jobs of one queue with equal needs, limit key and priority stand in one line.</summary>
internal sealed record Line(int Id, string Queue, string Needs, string LimitKey, int Priority);

/// <summary>What a node knows of lines and queues at one moment.</summary>
internal sealed record Known(
    long Version, ImmutableArray<Line> Lines, ImmutableDictionary<(string Queue, string Needs, string LimitKey, int Priority), Line> ByKey,
    ImmutableDictionary<int, Line> ById, ImmutableHashSet<string> Paused)
{
    public static Known Nothing { get; } = new(-1, [], ImmutableDictionary<(string, string, string, int), Line>.Empty, ImmutableDictionary<int, Line>.Empty, []);
}

/// <summary>Lines have small numbers, which all nodes share; each keeps them in memory and reads them anew when the version has risen.</summary>
internal sealed class Registry(Link link) : IDisposable
{
    /// <summary>Lists queues; a queue is there from its first job or pause on.</summary>
    public const string ListQueuesSql = "INSERT INTO queues (name, paused) SELECT unnest($1), false ON CONFLICT (name) DO NOTHING";

    private readonly SemaphoreSlim _loading = new(1);
    private readonly ConcurrentDictionary<string, bool> _listed = new(StringComparer.Ordinal);
    private Known _known = Known.Nothing;

    public Known Known => Volatile.Read(ref _known);

    public string QueueOf(int line) => Known.ById[line].Queue;

    /// <summary>Makes sure that a line which another node added is known here.</summary>
    public async ValueTask KnowAsync(int line)
    {
        while (!Known.ById.ContainsKey(line))
            await RefreshAsync(Known.Version + 1, CancellationToken.None);
    }

    /// <summary>Reads what is newer than <paramref name="seen"/> unless that is known already.</summary>
    public async Task RefreshAsync(long seen, CancellationToken cancel)
    {
        if (Known.Version >= seen)
            return;
        await _loading.WaitAsync(cancel);
        try
        {
            if (Known.Version < seen)
                Volatile.Write(ref _known, await link.ReadAsync(c => ReadAsync(c, cancel), cancel));
        }
        finally
        {
            _loading.Release();
        }

        static async Task<Known> ReadAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancel)
        {
            // One statement, one snapshot: what it answers belongs to the version.
            await using var command = connection.Command("""
                SELECT r.version, x.kind, x.id, x.a, x.b, x.c, x.n FROM registry r CROSS JOIN (
                  SELECT 0 AS kind, 0 AS id, '' AS a, '' AS b, '' AS c, 0 AS n
                  UNION ALL SELECT 1, id, queue, needs, limit_key, priority FROM lines
                  UNION ALL SELECT 2, 0, name, '', '', 0 FROM queues WHERE paused) x ORDER BY x.kind, x.id
                """);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            long version = 0;
            var lines = new List<Line>();
            var paused = new List<string>();
            while (await reader.ReadAsync(cancel))
            {
                version = reader.GetInt64(0);
                if (reader.GetInt32(1) == 1)
                    lines.Add(new(reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetInt32(6)));
                else if (reader.GetInt32(1) == 2)
                    paused.Add(reader.GetString(3));
            }

            return new(version, [.. lines], lines.ToImmutableDictionary(KeyOf), lines.ToImmutableDictionary(l => l.Id),
                [.. paused]);
        }
    }

    /// <summary>Reads anew if anything has changed.</summary>
    public async ValueTask RefreshNowAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = connection.Command("SELECT version FROM registry");
        await RefreshAsync((long)(await command.ExecuteScalarAsync(cancel))!, cancel);
    }

    /// <summary>The line of a job, if it is known.</summary>
    public Line? Find(JobSpec spec, int priority) =>
        Known.ByKey.GetValueOrDefault((spec.Queue, JobRules.NeedsOf(spec), JobRules.LimitKeyOf(spec) ?? "", priority));

    /// <summary>The line of each job; what is new is added for all nodes.</summary>
    public async Task<Line[]> LinesOfAsync(IReadOnlyList<(JobSpec Spec, int Priority)> jobs, CancellationToken cancel)
    {
        var lines = new Line[jobs.Count];
        while (true)
        {
            var missing = new HashSet<(string Queue, string Needs, string LimitKey, int Priority)>();
            for (int n = 0; n < lines.Length; n++)
            {
                if (Find(jobs[n].Spec, jobs[n].Priority) is { } line)
                    lines[n] = line;
                else
                    missing.Add((jobs[n].Spec.Queue, JobRules.NeedsOf(jobs[n].Spec), JobRules.LimitKeyOf(jobs[n].Spec) ?? "", jobs[n].Priority));
            }

            if (missing.Count == 0)
                return lines;
            await RefreshAsync(await AddAsync(missing), cancel);
        }
    }

    public async Task<Line> LineOfAsync((string Queue, string Needs, string LimitKey, int Priority) key)
    {
        Line? line;
        while (!Known.ByKey.TryGetValue(key, out line))
            await RefreshAsync(await AddAsync([key]), CancellationToken.None);
        return line;
    }

    /// <summary>Those of the queues that this node does not know to be listed, in one order for all nodes.</summary>
    public string[] Unlisted(IEnumerable<string> queues)
    {
        HashSet<string>? unlisted = null;
        foreach (string queue in queues)
        {
            if (!_listed.ContainsKey(queue))
                (unlisted ??= []).Add(queue);
        }

        return unlisted is null ? [] : [.. unlisted.Order(StringComparer.Ordinal)];
    }

    /// <summary>What listed them is committed.</summary>
    public void AreListed(string[] queues)
    {
        foreach (string queue in queues)
            _listed[queue] = true;
    }

    /// <summary>Pauses or resumes a queue for all nodes.</summary>
    public async Task PauseAsync(string queue, bool paused)
    {
        long version = await link.TransactAsync(async connection =>
        {
            await using var command = connection.Command("INSERT INTO queues (name, paused) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET paused = $2")
                .With(queue).With(paused);
            await command.ExecuteNonQueryAsync();
            await using var rise = connection.Command("UPDATE registry SET version = version + 1 RETURNING version");
            return (long)(await rise.ExecuteScalarAsync())!;
        });
        await RefreshAsync(version, CancellationToken.None);
    }

    public void Dispose() => _loading.Dispose();

    private Task<long> AddAsync(HashSet<(string Queue, string Needs, string LimitKey, int Priority)> missing) => link.TransactAsync(async connection =>
    {
        // The row's lock lets one node at a time add lines, so that each is added once and numbers rise in order.
        await using var rise = connection.Command("UPDATE registry SET version = version + 1 RETURNING version");
        long version = (long)(await rise.ExecuteScalarAsync())!;
        var keys = missing.ToArray();
        await using var command = connection.Command("""
            INSERT INTO lines (id, queue, needs, limit_key, priority)
            SELECT (SELECT coalesce(max(id), 0) FROM lines) + row_number() OVER (), i.* FROM unnest($1, $2, $3, $4) AS i (queue, needs, limit_key, priority)
            WHERE NOT EXISTS (SELECT FROM lines l WHERE l.queue = i.queue AND l.needs = i.needs AND l.limit_key = i.limit_key AND l.priority = i.priority)
            """)
            .With(keys.Select(k => k.Queue).ToArray()).With(keys.Select(k => k.Needs).ToArray())
            .With(keys.Select(k => k.LimitKey).ToArray()).With(keys.Select(k => k.Priority).ToArray());
        await command.ExecuteNonQueryAsync();
        return version;
    });

    private static (string Queue, string Needs, string LimitKey, int Priority) KeyOf(Line line) => (line.Queue, line.Needs, line.LimitKey, line.Priority);
}
