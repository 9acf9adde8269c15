using System.Globalization;
using System.Text;
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

    public async ValueTask ShowWorkersAsync(ReadOnlyMemory<byte> workers, bool soon, CancellationToken cancel = default)
    {
        Enter();
        await presence.ShowWorkersAsync(workers.ToArray(), soon, cancel);
    }

    public async ValueTask<IReadOnlyList<byte[]>> ListOtherWorkersAsync(CancellationToken cancel = default)
    {
        Enter();
        return await presence.ListOtherWorkersAsync(cancel);
    }

    public async ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel = default)
    {
        Enter();
        cancel.ThrowIfCancellationRequested();
        var answer = await _enqueues.AddAsync(request);
        byte[] detail = (byte[])answer[1]!;
        return (string)answer[0]! switch
        {
            "full" => throw new QueueFullException(Encoding.UTF8.GetString(detail), options.MaxSize!.Value),
            "conflict" => throw new IdempotencyConflictException(request.IdempotencyKey!),
            "taken" => throw new JobIdTakenException(new Guid(detail, bigEndian: true)),
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
            StoredTime.Write(now), SharedClock.Micros(now), IdOf(id), update.Priority is { } priority ? priority : "",
            update.RunAt is { } at ? StoredTime.Write(at) : "", update.RunAt is { } due ? SharedClock.DueMicros(due) : "", update.RunAt > now ? "1" : "0",
        ], cancel);
        return ReadChange(id, answer);
    }

    public async ValueTask<PromoteResult> PromoteAsync(int max, CancellationToken cancel = default)
    {
        Enter();
        var now = time.GetUtcNow();
        var answer = await link.RunAsync(PromoteScript, [StoredTime.Write(now), SharedClock.Micros(now), clock.Steady, max], cancel);
        long next = long.Parse((string)answer[0]!, CultureInfo.InvariantCulture);
        var changes = ((RedisResult[])answer[1]!).Select(change => ReadChange(new((byte[])change[0]!, bigEndian: true), change[1]));
        return new([.. changes], next < 0 ? null : new TimeSpan(next * TimeSpan.TicksPerMicrosecond));
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
        var values = new EnqueueValues(clock, time);
        foreach (var call in group)
            values.Add(call.Request);
        var answers = await link.RunAsync(EnqueueScript, values.ToArray(options.MaxSize, IdempotencyPeriod), CancellationToken.None);
        for (int n = 0; n < group.Count; n++)
            group[n].Done(answers[n]);
    }

    /// <summary>A script holds up all others while it runs, so a group stays small.</summary>
    private static int Weigh(EnqueueRequest request) => request.Jobs.Sum(job => 1 + (job.Task?.Payload.Length ?? 0) / 4096);

    private async ValueTask<IReadOnlyList<JobChange>> ChangeAsync(string what, IReadOnlyList<Guid> ids, string? by, CancellationToken cancel)
    {
        Enter();
        var now = time.GetUtcNow();
        RedisValue[] values = [what, StoredTime.Write(now), SharedClock.Micros(now), by is null ? "" : "=" + by, .. ids.Select(IdOf)];
        var answers = (RedisResult[])(await link.RunAsync(ChangeScript, values, cancel))!;
        return [.. answers.Select((answer, n) => ReadChange(ids[n], answer))];
    }

    /// <summary>Of each job its id, status and whether it was there already.</summary>
    private static List<EnqueuedJob> ReadJobs(ReadOnlySpan<byte> told)
    {
        const int width = 18;
        var jobs = new List<EnqueuedJob>(told.Length / width);
        for (; !told.IsEmpty; told = told[width..])
            jobs.Add(new(new(told[..16], bigEndian: true), (JobStatus)(told[16] - '0'), told[17] == '1'));
        return jobs;
    }

    /// <summary>Reads what <c>answer</c> of <c>prelude.lua</c> wrote.</summary>
    private static JobChange ReadChange(Guid id, RedisResult answer)
    {
        string text = (string)answer!;
        int attempt = text.IndexOf('\n', StringComparison.Ordinal), queue = text.IndexOf('\n', attempt + 1);
        return new(id, (ChangeResult)(text[0] - '0'), (JobStatus)(text[1] - '0'), (JobStatus)(text[2] - '0'), text[(attempt + 1)..queue],
            int.Parse(text.AsSpan(3, attempt - 3), CultureInfo.InvariantCulture), queue + 1 == text.Length ? null : text[(queue + 1)..]);
    }
}
