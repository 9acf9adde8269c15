using System.Collections.Concurrent;
using System.Collections.Immutable;
using Drover.Jobs;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

internal sealed partial class RedisJobStore
{
    private const int MostKnown = 100_000;
    private const int Again = 9;
    private static readonly string LeaseScript = Link.Script("lease");
    private static readonly string RenewScript = Link.Script("renew");
    private static readonly string FinishScript = Link.Script("finish");
    private static readonly string RunningScript = Link.Script("running");

    // What this node leased it mostly ends as well, and then need not read the spec again. A miss costs a read, no more.
    private readonly ConcurrentDictionary<Guid, Known> _known = new();

    public async ValueTask<IReadOnlyList<Lease>> LeaseAsync(LeaseRequest request, CancellationToken cancel = default)
    {
        Enter();
        var now = time.GetUtcNow();
        var values = new List<RedisValue>
        {
            now.UtcTicks, SharedClock.Micros(now), clock.SteadyIn(request.Duration), SharedClock.Micros(request.Duration), request.WorkerId,
            request.InstanceId.ToString("n"), request.Max, options.StarvationPeriod is { } period ? SharedClock.Micros(period) : "",
            request.Capabilities.Shell ? "1" : "0", Random.Shared.Next(), presence.Node,
        };
        AddList(request.Capabilities.JobTypes);
        AddList(request.Capabilities.Labels);
        AddList(options.StrictQueues);
        values.Add(request.Queues.Count * 2);
        foreach (var share in request.Queues)
            values.AddRange([share.Name, share.Weight]);
        values.Add((request.Permits?.Count ?? 0) * 2);
        foreach (var (key, most) in request.Permits ?? ImmutableDictionary<string, int>.Empty)
            values.AddRange([key, most]);

        var answers = (RedisResult[])(await link.RunAsync(LeaseScript, [.. values], cancel))!;
        return [.. answers.Select(answer => ReadLease(answer, now))];

        void AddList(IReadOnlySet<string> texts)
        {
            values.Add(texts.Count);
            foreach (string text in texts)
                values.Add(text);
        }
    }

    public async ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel = default)
    {
        Enter();
        var values = new List<RedisValue> { clock.SteadyIn(duration), SharedClock.Micros(duration) };
        foreach (var lease in leases)
            values.AddRange([lease.JobId.ToString("n"), lease.Attempt]);
        var answers = (RedisResult[])(await link.RunAsync(RenewScript, [.. values], cancel))!;
        return [.. answers.Select(answer => new RenewResult(Held: (int)answer != 0, CancelRequested: (int)answer == 3))];
    }

    public async ValueTask<IReadOnlyList<JobChange>> FinishAsync(IReadOnlyList<FinishRequest> finishes, CancellationToken cancel = default)
    {
        Enter();
        return await EndAsync(finishes, null, cancel);
    }

    public async ValueTask<IReadOnlyList<JobChange>> ExpireLeasesAsync(int max, CancellationToken cancel = default)
    {
        Enter();
        await presence.AfterCutAsync(cancel);
        long now = clock.Steady;
        var lost = new List<JobChange>();
        // Others may be at the same leases: what they ended is not counted, and the rest is looked for again.
        while (lost.Count < max)
        {
            var found = await FindRunningAsync(["expired", now, max - lost.Count], "its lease ran out", cancel);
            if (found.Count == 0)
                break;
            lost.AddRange((await EndAsync(found, now, cancel)).Where(change => change.Result == ChangeResult.Done));
        }

        return lost;
    }

    public async ValueTask<IReadOnlyList<JobChange>> LoseWorkerAsync(string workerId, Guid currentInstance, CancellationToken cancel = default)
    {
        Enter();
        var found = await FindRunningAsync(["worker", workerId, currentInstance.ToString("n")], "it was started anew", cancel);
        return found.Count == 0 ? [] : [.. (await EndAsync(found, null, cancel)).Where(change => change.Result == ChangeResult.Done)];
    }

    private Lease ReadLease(RedisResult answer, DateTimeOffset now)
    {
        var token = new LeaseToken(Guid.ParseExact((string)answer[0]!, "n"), (int)answer[1]);
        var spec = SpecJson.Read((byte[])answer[2]!, (byte[])answer[3]!);
        Remember(token.JobId, new(spec, (int)answer[6]));
        return new()
        {
            Token = token,
            Spec = spec,
            ReadyAt = new((long)answer[4], TimeSpan.Zero),
            StartedAt = now.ToUniversalTime(),
            FirstOutputSeq = (long)answer[5] + 1,
        };
    }

    private async ValueTask<List<FinishRequest>> FindRunningAsync(RedisValue[] values, string why, CancellationToken cancel)
    {
        var found = new List<FinishRequest>();
        foreach (var job in (RedisResult[])(await link.RunAsync(RunningScript, values, cancel))!)
        {
            var id = Guid.ParseExact((string)job[0]!, "n");
            Remember(id, new(SpecJson.Read((byte[])job[4]!, []), (int)job[2]));
            found.Add(new(new(id, (int)job[1]), new()
            {
                Kind = OutcomeKind.WorkerLost,
                Reason = FailureReasons.WorkerLost,
                Error = $"The worker '{(string)job[3]!}' was lost: {why}.",
            }));
        }

        return found;
    }

    /// <summary>
    /// Ends attempts. What follows is decided here, for both answers to "was a cancel asked for"; the script takes the one
    /// that holds when it runs, and refuses when the attempts that count are not those that were reckoned with.
    /// </summary>
    private async ValueTask<IReadOnlyList<JobChange>> EndAsync(IReadOnlyList<FinishRequest> finishes, long? expiredBy, CancellationToken cancel)
    {
        var changes = new JobChange[finishes.Count];
        List<int> open = [.. Enumerable.Range(0, finishes.Count)];
        while (open.Count > 0)
        {
            await LearnAsync(open.Select(n => finishes[n].Lease.JobId), cancel);
            var now = time.GetUtcNow();
            var values = new List<RedisValue>(2 + open.Count * 14) { now.UtcTicks, SharedClock.Micros(now) };
            foreach (int n in open)
                AddEnd(values, finishes[n], expiredBy, now);
            var answers = (RedisResult[])(await link.RunAsync(FinishScript, [.. values], cancel))!;
            var again = new List<int>();
            for (int a = 0; a < answers.Length; a++)
            {
                _known.TryRemove(finishes[open[a]].Lease.JobId, out _);
                if ((int)answers[a][1] == Again)
                    again.Add(open[a]);
                else
                    changes[open[a]] = ReadChange(answers[a]);
            }

            open = again;
        }

        return changes;
    }

    private void AddEnd(List<RedisValue> values, FinishRequest finish, long? expiredBy, DateTimeOffset now)
    {
        var known = _known.GetValueOrDefault(finish.Lease.JobId);
        values.AddRange([finish.Lease.JobId.ToString("n"), finish.Lease.Attempt, known?.Used ?? -1, StoredOutcome.Write(finish.Outcome),
            finish.Outcome.Error ?? "", expiredBy is { } by ? by : ""]);
        double random = Random.Shared.NextDouble();
        foreach (bool canceled in (ReadOnlySpan<bool>)[false, true])
        {
            var next = known is null ? default : JobRules.After(known.Spec, known.Used, finish.Outcome, canceled, random);
            var delay = next.Delay ?? TimeSpan.Zero;
            values.AddRange([(int)next.Status, next.AttemptsUsed, (now + delay).UtcTicks, clock.SteadyIn(delay)]);
        }
    }

    /// <summary>Reads what this node does not know of jobs that it did not lease.</summary>
    private async ValueTask LearnAsync(IEnumerable<Guid> ids, CancellationToken cancel)
    {
        Guid[] unknown = [.. ids.Where(id => !_known.ContainsKey(id)).Distinct()];
        if (unknown.Length == 0)
            return;
        var places = await PlacesAsync(unknown, cancel);
        RedisValue[] fields = ["spec", "used"];
        var read = await link.CallAsync(db => Task.WhenAll(places.Select(place =>
            place.IsNull ? Task.FromResult<RedisValue[]>([RedisValue.Null, RedisValue.Null]) : db.HashGetAsync(JobKey(place), fields))), cancel);
        for (int n = 0; n < unknown.Length; n++)
        {
            if (!read[n][0].IsNull)
                Remember(unknown[n], new(SpecJson.Read((byte[])read[n][0]!, []), (int)read[n][1]));
        }
    }

    private void Remember(Guid id, Known known)
    {
        if (_known.Count > MostKnown)
            _known.Clear();
        _known[id] = known with { Spec = known.Spec.Task is { } task ? known.Spec with { Task = task with { Payload = default } } : known.Spec };
    }

    private sealed record Known(JobSpec Spec, int Used);
}
