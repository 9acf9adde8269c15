using System.Globalization;
using Drover.Events;
using Drover.Jobs;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>The jobs in Redis. Each change is one script, which the server runs as a whole.</summary>
internal sealed partial class RedisJobStore(
    Link link, SharedClock clock, Presence presence, Leadership leadership, News news, QueueOptions options, TimeProvider time) : ISharedStore, IJobArchive
{
    private static readonly TimeSpan IdempotencyPeriod = TimeSpan.FromHours(24);
    private static readonly string EnqueueScript = Link.Script("enqueue");
    private static readonly string ChangeScript = Link.Script("change");
    private static readonly string UpdateScript = Link.Script("update");
    private static readonly string PromoteScript = Link.Script("promote");
    private static readonly string RetainScript = Link.Script("retain");
    private readonly Groups<EnqueueRequest, RedisResult> _enqueues = new(2, 200, Weigh, group => EnqueueAsync(link, clock, options, time, group));
    private int _disposed;

    public bool IsLeader => leadership.Leads;

    public void Join(ISharedStoreNode node) => news.Join(node);

    public void Tell(in BrokerEvent told) => news.Tell(told);

    public async ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default)
    {
        Enter();
        cancel.ThrowIfCancellationRequested();
        var answer = await _enqueues.AddAsync(request);
        string detail = (string)answer[1]!;
        return (string)answer[0]! switch
        {
            "full" => throw new QueueFullException(detail, options.MaxSize!.Value),
            "conflict" => throw new IdempotencyConflictException(request.IdempotencyKey!),
            "taken" => throw new JobIdTakenException(Guid.ParseExact(detail, "n")),
            var said => new EnqueueResult(ReadJobs(detail), said == "replayed"),
        };
    }

    public ValueTask<IReadOnlyList<JobChange>> CancelAsync(IReadOnlyList<Guid> ids, string? by, CancellationToken cancel = default) =>
        ChangeAsync("cancel", ids, by, cancel);

    public ValueTask<IReadOnlyList<JobChange>> RetryAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        ChangeAsync("retry", ids, null, cancel);

    public ValueTask<IReadOnlyList<JobChange>> DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancel = default) =>
        ChangeAsync("delete", ids, null, cancel);

    public async ValueTask<JobChange> UpdateAsync(Guid id, JobUpdate update, CancellationToken cancel = default)
    {
        Enter();
        var now = time.GetUtcNow();
        var answer = await link.RunAsync(UpdateScript,
        [
            now.UtcTicks, SharedClock.Micros(now), id.ToString("n"), update.Priority is { } priority ? priority : "",
            update.RunAt is { } at ? at.UtcTicks : "", update.RunAt is { } due ? DueMicros(due) : "", update.RunAt > now ? "1" : "0",
        ], cancel);
        return ReadChange(answer);
    }

    public async ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel = default)
    {
        Enter();
        var now = time.GetUtcNow();
        var answer = await link.RunAsync(PromoteScript, [now.UtcTicks, SharedClock.Micros(now), clock.Steady, max], cancel);
        long next = long.Parse((string)answer[0]!, CultureInfo.InvariantCulture);
        return new(ReadChanges(answer[1]), next < 0 ? null : new TimeSpan(next * TimeSpan.TicksPerMicrosecond));
    }

    public async ValueTask<int> RetainAsync(RetentionPolicy policy, int max, CancellationToken cancel = default)
    {
        Enter();
        var now = time.GetUtcNow();
        return (int)await link.RunAsync(RetainScript,
            [Before(policy.Completed), Before(policy.Failed), SharedClock.Micros(now - IdempotencyPeriod), max], cancel);

        RedisValue Before(TimeSpan? keep) => keep is { } period && period.Ticks < now.UtcTicks ? SharedClock.Micros(now - period) : "";
    }

    public async ValueTask SetPausedAsync(string queue, bool paused, CancellationToken cancel = default)
    {
        Enter();
        await link.CallAsync(async db =>
        {
            await db.SetAddAsync(link.Key("qs"), queue);
            return paused ? await db.SetAddAsync(link.Key("paused"), queue) : await db.SetRemoveAsync(link.Key("paused"), queue);
        }, cancel);
    }

    public ValueTask SetLimitsAsync(IReadOnlyDictionary<string, int?> limits, CancellationToken cancel = default)
    {
        Enter();
        return presence.SetLimitsAsync(limits, cancel);
    }

    public async ValueTask PingAsync(CancellationToken cancel = default)
    {
        Enter();
        await link.CallAsync(db => db.PingAsync(), cancel);
    }

    /// <summary>Every later call throws <see cref="ObjectDisposedException"/>. The connection is the database's.</summary>
    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _disposed, 1);
        return ValueTask.CompletedTask;
    }

    private void Enter() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    /// <summary>Requests of several callers in one script, each accepted or refused by itself.</summary>
    private static async Task EnqueueAsync(
        Link link, SharedClock clock, QueueOptions options, TimeProvider time, List<Call<EnqueueRequest, RedisResult>> group)
    {
        var now = time.GetUtcNow();
        var values = new List<RedisValue>(4 + group.Count * 17)
        {
            now.UtcTicks, SharedClock.Micros(now), options.MaxSize is { } most ? most : "", SharedClock.Micros(IdempotencyPeriod),
        };
        foreach (var request in group.Select(call => call.Request))
        {
            values.AddRange([request.IdempotencyKey is { } key ? "=" + key : "", request.Fingerprint ?? "", request.Jobs.Count]);
            for (int n = 0; n < request.Jobs.Count; n++)
                Add(values, clock, request.Jobs[n], request.FirstId is { } first ? JobId.Following(first, n) : JobId.New(time), now);
        }

        var answers = await link.RunAsync(EnqueueScript, [.. values], CancellationToken.None);
        for (int n = 0; n < group.Count; n++)
            group[n].Done(answers[n]);
    }

    /// <summary>A script holds up all others while it runs, so a group stays small.</summary>
    private static int Weigh(EnqueueRequest request) => request.Jobs.Sum(job => 1 + (job.Task?.Payload.Length ?? 0) / 4096);

    private static void Add(List<RedisValue> values, SharedClock clock, JobSpec spec, Guid id, DateTimeOffset now)
    {
        DateTimeOffset? due = null;
        RedisValue dueMicros = "", set = "";
        if (spec.Delay is { } delay && delay > TimeSpan.Zero)
            (due, dueMicros, set) = (now + delay, clock.SteadyIn(delay), "d");
        else if (spec.RunAt is { } runAt && runAt > now)
            (due, dueMicros, set) = (runAt, DueMicros(runAt), "t");
        var indexes = JobTest.IndexesOf(spec).ToList();
        values.AddRange([
            id.ToString("n"), spec.Queue, JobRules.NeedsOf(spec), JobRules.LimitKeyOf(spec) ?? "", spec.Priority,
            JobRules.StoredKeyOf(spec) is { } key ? "=" + key : "", SpecJson.Write(spec), spec.Task is { } task ? task.Payload.ToArray() : "",
            due is null ? 2 : 1, due?.UtcTicks ?? 0, dueMicros, set, indexes.Count]);
        foreach (string index in indexes)
            values.Add(index);
    }

    private async ValueTask<IReadOnlyList<JobChange>> ChangeAsync(string what, IReadOnlyList<Guid> ids, string? by, CancellationToken cancel)
    {
        Enter();
        var now = time.GetUtcNow();
        RedisValue[] values = [what, now.UtcTicks, SharedClock.Micros(now), by is null ? "" : "=" + by, .. ids.Select(id => (RedisValue)id.ToString("n"))];
        return ReadChanges(await link.RunAsync(ChangeScript, values, cancel));
    }

    /// <summary>Rounded up: nothing is due too early.</summary>
    private static long DueMicros(DateTimeOffset due) => SharedClock.Micros(due.AddTicks(TimeSpan.TicksPerMicrosecond - 1 < DateTimeOffset.MaxValue.UtcTicks - due.UtcTicks ? TimeSpan.TicksPerMicrosecond - 1 : 0));

    private static List<EnqueuedJob> ReadJobs(string text)
    {
        const int width = 34;
        var jobs = new List<EnqueuedJob>(text.Length / width);
        for (int at = 0; at < text.Length; at += width)
            jobs.Add(new(Guid.ParseExact(text.AsSpan(at, 32), "n"), (JobStatus)(text[at + 32] - '0'), text[at + 33] == '1'));
        return jobs;
    }

    private static List<JobChange> ReadChanges(RedisResult answers) => [.. ((RedisResult[])answers!).Select(ReadChange)];

    private static JobChange ReadChange(RedisResult answer) => new(
        Guid.ParseExact((string)answer[0]!, "n"), (ChangeResult)(int)answer[1], (JobStatus)(int)answer[2], (JobStatus)(int)answer[3],
        (string)answer[4]!, (int)answer[5], (string)answer[6]! is { Length: > 0 } worker ? worker : null);
}
