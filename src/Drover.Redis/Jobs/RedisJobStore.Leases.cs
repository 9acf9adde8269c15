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
            StoredTime.Write(now), SharedClock.Micros(now), clock.SteadyIn(request.Duration), SharedClock.Micros(request.Duration), request.WorkerId,
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
        return [.. answers.Chunk(6).Select(answer => ReadLease(answer, now))];

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
            values.AddRange([IdOf(lease.JobId), lease.Attempt]);
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

    private Lease ReadLease(RedisResult[] answer, DateTimeOffset now)
    {
        var stored = StoredSpec.Read((byte[])answer[0]!, (byte[])answer[1]!);
        var token = new LeaseToken(stored.Id, (int)answer[2]);
        Remember(token.JobId, new(stored.Spec, (int)answer[3]));
        return new()
        {
            Token = token,
            Spec = stored.Spec,
            ReadyAt = StoredTime.Read((byte[])answer[4]!)!.Value,
            StartedAt = now.ToUniversalTime(),
            FirstOutputSeq = (long)answer[5] + 1,
        };
    }

    private async ValueTask<List<FinishRequest>> FindRunningAsync(RedisValue[] values, string why, CancellationToken cancel)
    {
        var found = new List<FinishRequest>();
        foreach (var job in (RedisResult[])(await link.RunAsync(RunningScript, values, cancel))!)
        {
            var stored = StoredSpec.Read((byte[])job[0]!, []);
            Remember(stored.Id, new(stored.Spec, (int)job[2]));
            found.Add(new(new(stored.Id, (int)job[1]), new()
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
            var values = new FinishValues(clock, time.GetUtcNow());
            foreach (int n in open)
            {
                var known = _known.GetValueOrDefault(finishes[n].Lease.JobId);
                values.Add(finishes[n], known?.Spec, known?.Used ?? -1);
            }

            var answers = (RedisResult[])(await link.RunAsync(FinishScript, values.ToArray(expiredBy), cancel))!;
            var again = new List<int>();
            for (int a = 0; a < answers.Length; a++)
            {
                var change = ReadChange(finishes[open[a]].Lease.JobId, answers[a]);
                _known.TryRemove(change.Id, out _);
                if ((int)change.Result == Again)
                    again.Add(open[a]);
                else
                    changes[open[a]] = change;
            }

            open = again;
        }

        return changes;
    }

    /// <summary>Reads what this node does not know of jobs that it did not lease.</summary>
    private async ValueTask LearnAsync(IEnumerable<Guid> ids, CancellationToken cancel)
    {
        Guid[] unknown = [.. ids.Where(id => !_known.ContainsKey(id)).Distinct()];
        if (unknown.Length == 0)
            return;
        foreach (var job in await ReadAsync("test", await NumbersAsync(unknown, cancel), false, cancel))
        {
            if (job is not null)
                Remember(job.Id, new(job.Spec, job.AttemptsUsed));
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
