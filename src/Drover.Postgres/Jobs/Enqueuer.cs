using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>
/// Accepts jobs. Plain requests of many callers go together into one statement. Those that must be compared with what is
/// there (unique and idempotency keys, full queues) go together under a lock that all nodes share.
/// </summary>
internal sealed class Enqueuer
{
    private const int MostJobs = 1000;
    private static readonly TimeSpan IdempotencyPeriod = TimeSpan.FromHours(24);
    private readonly Groups<Prepared, EnqueueResult> _plain;
    private readonly Groups<Prepared, EnqueueResult> _ordered;
    private readonly Groups<Prepared, EnqueueResult> _guarded;
    private readonly Link _link;
    private readonly Registry _registry;
    private readonly SharedClock _clock;
    private readonly QueueOptions _options;
    private readonly TimeProvider _time;
    private Task _prepared = Task.CompletedTask;

    public Enqueuer(Link link, Registry registry, SharedClock clock, QueueOptions options, TimeProvider time)
    {
        (_link, _registry, _clock, _options, _time) = (link, registry, clock, options, time);
        _plain = new(2, MostJobs, p => p.Rows.Count, RunPlainAsync, few: 16);
        _ordered = new(1, MostJobs, p => p.Rows.Count, RunPlainAsync);
        _guarded = new(1, MostJobs, p => p.Rows.Count, RunGuardedAsync);
    }

    public ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel) =>
        request.Ordered ? InOrderAsync(request, cancel) : EnqueueAsync(request, Task.CompletedTask, null, cancel);

    /// <summary>One whose lines are new and must be written first lets no later one pass.</summary>
    private async ValueTask<EnqueueResult> InOrderAsync(EnqueueRequest request, CancellationToken cancel)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = Interlocked.Exchange(ref _prepared, mine.Task);
        try
        {
            return await EnqueueAsync(request, before, mine, cancel);
        }
        finally
        {
            mine.TrySetResult();
        }
    }

    private async ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, Task before, TaskCompletionSource? prepared, CancellationToken cancel)
    {
        var specs = request.Jobs;
        var lines = await _registry.LinesOfAsync([.. specs.Select(s => (s, s.Priority))], cancel);
        await before;
        var rows = new List<JobRow>(specs.Count);
        bool guarded = request.IdempotencyKey is not null || _options.MaxSize is not null;
        for (int n = 0; n < specs.Count; n++)
        {
            rows.Add(JobRow.Of(specs[n], request.FirstId is { } first ? JobId.Following(first, n) : JobId.New(_time), lines[n].Id, _clock));
            guarded |= specs[n].UniqueKey is not null;
        }

        var answer = (guarded ? _guarded : request.Ordered ? _ordered : _plain).AddAsync(new(request, rows));
        prepared?.TrySetResult();
        return await answer;
    }

    private async Task RunPlainAsync(List<Call<Prepared, EnqueueResult>> group)
    {
        try
        {
            var rows = group.Count == 1 ? group[0].Request.Rows : [.. group.SelectMany(c => c.Request.Rows)];
            string[] queues = _registry.Unlisted(rows.Select(r => r.Spec.Queue));
            await _link.WriteAsync(async connection =>
            {
                await JobRow.InsertAsync(connection, rows, queues);
                return true;
            });
            _registry.AreListed(queues);
        }
        // An id is taken. Nothing of the group happened; each is looked at by itself.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            await RunGuardedAsync(group);
            return;
        }

        foreach (var call in group)
            call.Done(Accepted(call.Request.Rows));
    }

    private async Task RunGuardedAsync(List<Call<Prepared, EnqueueResult>> group)
    {
        while (true)
        {
            try
            {
                var (answers, queues) = await _link.TransactAsync(connection => DecideAsync(connection, group));
                _registry.AreListed(queues);
                for (int n = 0; n < group.Count; n++)
                {
                    if (answers[n].Refused is { } refused)
                        group[n].Failed(refused);
                    else
                        group[n].Done(answers[n].Result!);
                }

                return;
            }
            // An id was taken meanwhile: looked at again, it is seen.
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
            }
        }
    }

    private async Task<(Answer[] Answers, string[] NewQueues)> DecideAsync(NpgsqlConnection connection, List<Call<Prepared, EnqueueResult>> group)
    {
        await using (var wait = connection.Command("SELECT pg_advisory_xact_lock(hashtextextended('drover keys of ' || current_schema(), 0))"))
            await wait.ExecuteNonQueryAsync();
        var present = await Present.ReadAsync(connection, [.. group.Select(c => c.Request)], _options.MaxSize);
        long now = _clock.Now;
        var answers = new Answer[group.Count];
        var accepted = new List<JobRow>();
        for (int n = 0; n < group.Count; n++)
            answers[n] = Decide(group[n].Request, present, accepted, now);
        // What is refused leaves no trace, not even its queue's name.
        string[] queues = _registry.Unlisted(accepted.Select(r => r.Spec.Queue));
        await JobRow.InsertAsync(connection, accepted, queues);
        await present.StoreAnswersAsync(connection);
        return (answers, queues);
    }

    private Answer Decide(Prepared prepared, Present present, List<JobRow> accepted, long now)
    {
        var (request, rows) = prepared;
        if (request.IdempotencyKey is { } key && present.Answers.TryGetValue(key, out var first) && now - first.At < IdempotencyPeriod.Ticks)
            return first.Fingerprint == (request.Fingerprint ?? "") ? new(new(first.Jobs, Replayed: true), null) : new(null, new IdempotencyConflictException(key));
        if (Refusal(rows, present) is { } refused)
            return new(null, refused);
        var jobs = new List<EnqueuedJob>(rows.Count);
        foreach (var row in rows)
        {
            if (row.UniqueKey is { } unique)
            {
                if (present.Keys.TryGetValue(unique, out var other))
                {
                    jobs.Add(new(other.Id, other.Status, Duplicate: true));
                    continue;
                }

                present.Keys[unique] = (row.Id, row.Status);
            }

            accepted.Add(row);
            present.Ids.Add(row.Id);
            if (_options.MaxSize is not null)
                present.Sizes[row.Spec.Queue]++;
            jobs.Add(new(row.Id, row.Status, Duplicate: false));
        }

        if (request.IdempotencyKey is { } stored)
            present.Answer(stored, new(now, request.Fingerprint ?? "", jobs));
        return new(new(jobs, Replayed: false), null);
    }

    private Exception? Refusal(List<JobRow> rows, Present present)
    {
        if (_options.MaxSize is { } most)
        {
            var keys = new HashSet<string>(StringComparer.Ordinal);
            foreach (var queue in rows.Where(r => r.UniqueKey is not { } key || (!present.Keys.ContainsKey(key) && keys.Add(key))).GroupBy(r => r.Spec.Queue))
            {
                if (present.Sizes[queue.Key] + queue.Count() > most)
                    return new QueueFullException(queue.Key, most);
            }
        }

        foreach (var row in rows)
        {
            if (present.Ids.Contains(row.Id))
                return new JobIdTakenException(row.Id);
        }

        return null;
    }

    private static EnqueueResult Accepted(List<JobRow> rows)
    {
        var jobs = new EnqueuedJob[rows.Count];
        for (int n = 0; n < jobs.Length; n++)
            jobs[n] = new(rows[n].Id, rows[n].Status, Duplicate: false);
        return new(jobs, Replayed: false);
    }

    internal sealed record Prepared(EnqueueRequest Request, List<JobRow> Rows);

    private readonly record struct Answer(EnqueueResult? Result, Exception? Refused);
}
