using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>An attempt to end.</summary>
/// <param name="Finish">Which, and how it ended.</param>
/// <param name="ExpiredBy">A steady time by which the lease must have run out; <see cref="long.MaxValue"/> for any.</param>
internal readonly record struct Ending(FinishRequest Finish, long ExpiredBy);

/// <summary>
/// Ends attempts. What follows is decided here, for both answers to "was a cancel asked for"; the statement takes the one that
/// holds when it runs, and leaves alone what is not as it was reckoned with.
/// </summary>
internal sealed class Finisher
{
    private static readonly string EndSql = $"""
        WITH e AS (DELETE FROM running WHERE seq = ANY ($1) AND attempt = {States.At("$2")} AND used = {States.At("$3")} AND lease_until <= {States.At("$6")}
          RETURNING seq, ready_at, run_at, started_at, out_seq, cancel_at, line, attempt, worker, cancel_by, unique_key, width_bucket(seq, $1) AS n),
        g AS (SELECT e.*, ($4)[n] AS outcome, ($5)[n] AS error,
            CASE WHEN cancel_at IS NULL THEN ($7)[n] ELSE ($11)[n] END AS status, CASE WHEN cancel_at IS NULL THEN ($8)[n] ELSE ($12)[n] END AS used,
            CASE WHEN cancel_at IS NULL THEN ($9)[n] ELSE ($13)[n] END AS run, CASE WHEN cancel_at IS NULL THEN ($10)[n] ELSE ($14)[n] END AS due FROM e),
        d AS ({States.Into("done", "g WHERE status >= 5", "status=status", "finished_at=$15")}),
        b AS ({States.Into("ready", "g WHERE status = 2", "status=status", "ready_at=$15", "run_at=NULL", "back=true")}),
        w AS ({States.Into("waiting", "g WHERE status IN (1, 4)", "status=status", "run_at=run", "due=due", "wall=false")}),
        a AS (INSERT INTO attempts (seq, started_at, finished_at, number, worker, outcome) SELECT seq, started_at, $15, attempt, worker, outcome FROM g WHERE status < 5),
        k AS (DELETE FROM unique_keys WHERE key = ANY (ARRAY (SELECT unique_key FROM g WHERE status >= 5 AND unique_key IS NOT NULL)))
        SELECT seq, status, attempt, worker, line FROM g
        """;

    private readonly Link _link;
    private readonly Registry _registry;
    private readonly SharedClock _clock;
    private readonly JobCache _cache;
    private readonly Groups<IReadOnlyList<Ending>, JobChange[]> _groups;

    public Finisher(Link link, Registry registry, SharedClock clock, JobCache cache)
    {
        (_link, _registry, _clock, _cache) = (link, registry, clock, cache);
        _groups = new(2, 1000, endings => endings.Count, RunAsync, few: 16);
    }

    public Task<JobChange[]> EndAsync(IReadOnlyList<Ending> endings) => endings.Count == 0 ? Task.FromResult<JobChange[]>([]) : _groups.AddAsync(endings);

    private async Task RunAsync(List<Call<IReadOnlyList<Ending>, JobChange[]>> group)
    {
        var endings = group.SelectMany(c => c.Request).ToArray();
        var changes = new JobChange[endings.Length];
        var open = Enumerable.Range(0, endings.Length).ToList();
        while (open.Count > 0)
            open = await RoundAsync(endings, open, changes);
        int at = 0;
        foreach (var call in group)
        {
            call.Done(changes[at..(at + call.Request.Count)]);
            at += call.Request.Count;
        }
    }

    /// <summary>Ends what it can; answers what is to be looked at again.</summary>
    private async Task<List<int>> RoundAsync(Ending[] endings, List<int> open, JobChange[] changes)
    {
        var again = new List<int>();
        var known = await _cache.LearnAsync(open.Select(n => endings[n].Finish.Lease.JobId), CancellationToken.None);
        var mine = new Dictionary<long, int>();
        var refused = new List<int>();
        // In order of seq: groups that meet wait for each other in one direction.
        foreach (int n in open)
        {
            if (!known.TryGetValue(endings[n].Finish.Lease.JobId, out var job))
                refused.Add(n);
            else if (!mine.TryAdd(job.Seq, n))
                again.Add(n);
        }

        var found = mine.Count == 0 ? [] : await _link.WriteAsync(c => SendAsync(c, endings, [.. mine.OrderBy(m => m.Key).Select(m => m.Value)], known));
        foreach (var (seq, n) in mine)
        {
            _cache.Forget(endings[n].Finish.Lease.JobId);
            if (found.TryGetValue(seq, out var end))
                changes[n] = new(endings[n].Finish.Lease.JobId, ChangeResult.Done, JobStatus.Running, end.To, _registry.QueueOf(end.Line), end.Attempt, end.Worker);
            else
                refused.Add(n);
        }

        if (refused.Count > 0)
            await RefuseAsync(endings, refused, known, changes, again);
        return again;
    }

    private async Task RefuseAsync(Ending[] endings, List<int> refused, Dictionary<Guid, CachedJob> known, JobChange[] changes, List<int> again)
    {
        var states = await _link.ReadAsync(c => States.FindAsync(c, [.. refused.Select(n => endings[n].Finish.Lease.JobId).Distinct()]), CancellationToken.None);
        foreach (int n in refused)
        {
            var (finish, expiredBy) = endings[n];
            var id = finish.Lease.JobId;
            if (!states.TryGetValue(id, out var state))
                changes[n] = new(id, ChangeResult.NotFound, default, default, "", 0, null);
            else if (state.Status == JobStatus.Running && state.Attempt == finish.Lease.Attempt && state.LeaseUntil <= expiredBy)
                again.Add(n);
            else
            {
                await _registry.KnowAsync(state.Line);
                changes[n] = new(id, ChangeResult.LeaseLost, state.Status, state.Status, _registry.QueueOf(state.Line), state.Attempt, state.Worker);
            }
        }
    }

    private async Task<Dictionary<long, (JobStatus To, int Attempt, string Worker, int Line)>> SendAsync(
        NpgsqlConnection connection, Ending[] endings, int[] batch, Dictionary<Guid, CachedJob> known)
    {
        long now = _clock.Now;
        var jobs = Array.ConvertAll(batch, n => known[endings[n].Finish.Lease.JobId]);
        var next = new NextStep[2][];
        double[] random = Array.ConvertAll(batch, _ => Random.Shared.NextDouble());
        for (int canceled = 0; canceled < 2; canceled++)
        {
            next[canceled] = new NextStep[batch.Length];
            for (int n = 0; n < batch.Length; n++)
                next[canceled][n] = JobRules.After(jobs[n].Spec, jobs[n].Used, endings[batch[n]].Finish.Outcome, canceled == 1, random[n]);
        }

        await using var command = connection.Command(EndSql)
            .With(Array.ConvertAll(jobs, j => j.Seq)).With(Array.ConvertAll(batch, n => endings[n].Finish.Lease.Attempt)).With(Array.ConvertAll(jobs, j => j.Used))
            .With(Array.ConvertAll(batch, n => StoredOutcome.Write(endings[n].Finish.Outcome)))
            .With(Array.ConvertAll(batch, n => Sql.Storable(endings[n].Finish.Outcome.Error))).With(Array.ConvertAll(batch, n => endings[n].ExpiredBy));
        foreach (var steps in next)
        {
            command.With(Array.ConvertAll(steps, s => (short)s.Status)).With(Array.ConvertAll(steps, s => s.AttemptsUsed))
                .With(Array.ConvertAll(steps, s => now + (s.Delay ?? TimeSpan.Zero).Ticks)).With(Array.ConvertAll(steps, s => _clock.SteadyIn(s.Delay ?? TimeSpan.Zero)));
        }

        command.With(now);
        var ended = new Dictionary<long, (JobStatus, int, string, int)>(batch.Length);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            ended[reader.GetInt64(0)] = ((JobStatus)reader.GetInt16(1), reader.GetInt32(2), reader.GetString(3), reader.GetInt32(4));
        foreach (var (_, _, _, line) in ended.Values)
            await _registry.KnowAsync(line);
        return ended;
    }
}
