using System.Text.Json;
using System.Text.Json.Nodes;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Model;

/// <summary>Plays the same random move on a store and on the reference, and compares.</summary>
internal sealed class ModelGame(Random random, TestClock clock, IJobStore reference)
{
    private readonly RandomJobs _make = new(random);
    private readonly List<Guid> _ids = [];
    private readonly List<Lease> _leases = [];
    private readonly HashSet<LeaseToken> _tokens = [];
    private readonly Guid[] _instances = [new("00000000-0000-0000-0000-000000000001"), new("00000000-0000-0000-0000-000000000002")];
    private readonly Dictionary<string, int?> _limits = [];

    public List<string> Journal { get; } = [];

    /// <summary>After a restart: limits are set anew and workers that live renew.</summary>
    public async Task ReconnectAsync(IJobStore store)
    {
        Journal.Add("restart");
        await store.SetLimitsAsync(_limits);
        await BothAsync(store, "renew all", s => s.RenewAsync([.. _leases.Select(l => l.Token)], Make.LeaseDuration));
    }

    public async Task StepAsync(IJobStore store)
    {
        // Everything has its own moment, and what makes jobs ready at once takes one at a time, so that first come first
        // served has one meaning.
        clock.Advance(TimeSpan.FromMilliseconds(1));
        switch (random.Next(22))
        {
            case 0 or 1 or 2 or 3:
                await EnqueueAsync(store);
                break;
            case 4 or 5 or 6 or 7:
                await LeaseAsync(store);
                break;
            case 8 or 9 or 10:
                await FinishAsync(store);
                break;
            case 11:
                var renewed = SomeLeases(4).Select(l => l.Token).ToList();
                await BothAsync(store, "renew", s => s.RenewAsync(renewed, Make.LeaseDuration));
                break;
            case 12:
                var canceled = SomeIds(2);
                await BothAsync(store, "cancel", s => s.CancelAsync(canceled, "ada"));
                break;
            case 13:
                var retried = SomeIds(1);
                await BothAsync(store, "retry", s => s.RetryAsync(retried));
                break;
            case 14:
                var id = SomeIds(1)[0];
                var update = new JobUpdate(_make.Chance(2) ? random.Next(1, 11) : null,
                    _make.Chance(2) ? clock.GetUtcNow().AddSeconds(random.Next(-10, 60)) : null);
                await BothAsync(store, $"update {update}", s => s.UpdateAsync(id, update));
                break;
            case 15:
                var deleted = SomeIds(3);
                await BothAsync(store, "delete", s => s.DeleteAsync(deleted));
                break;
            case 16:
                for (int n = random.Next(1, 5); n > 0; n--)
                {
                    clock.Advance(TimeSpan.FromMilliseconds(1));
                    await BothAsync(store, "promote", s => s.PromoteAsync(1));
                }

                break;
            case 17:
                await BothAsync(store, "expire", s => InAnyOrderAsync(s.ExpireLeasesAsync(1000)));
                break;
            case 18:
                await LoseOrPauseAsync(store);
                break;
            case 19:
                clock.Advance(TimeSpan.FromSeconds(random.Next(1, 25)));
                Journal.Add($"advance to {clock.GetUtcNow():HH:mm:ss.fff}");
                break;
            case 20:
                await PrintAsync(store);
                break;
            default:
                await ReadAsync(store);
                break;
        }
    }

    /// <summary>The laws, and with everything the equality of all that can be read.</summary>
    public async Task CheckAsync(IJobStore store, bool everything)
    {
        var counts = await BothAsync(store, null, s => s.CountAsync(JobFilter.All));
        var queues = await BothAsync(store, null, s => s.ListQueuesAsync());
        Assert.Equal(counts.Queued, queues.Sum(q => q.Depth));
        Assert.Equal(counts.Running, queues.Sum(q => q.Running));
        Assert.Equal(counts.Scheduled + counts.Retrying, queues.Sum(q => q.Scheduled + q.Retrying));
        if (!everything)
            return;

        var jobs = (await BothAsync(store, "compare all", s => s.GetAsync(_ids))).Where(j => j is not null).Select(j => j!).ToList();
        Assert.Equal(counts.Total, jobs.Count);
        _ids.RemoveAll(id => jobs.TrueForAll(job => job.Id != id));
        Assert.All(jobs, AssertLawful);
        Assert.DoesNotContain(jobs.Where(j => !j.Status.IsFinal() && JobRules.StoredKeyOf(j.Spec) is { } key && (j.Attempt == 0 || !JobRules.IsFreedAtStart(key))).CountBy(j => JobRules.StoredKeyOf(j.Spec)!), key => key.Value > 1);
        foreach (var sort in Enum.GetValues<JobSort>())
            Assert.Equal(ListModel.Expected(jobs, JobFilter.All, sort).Take(500), (await store.ListAsync(new(JobFilter.All, sort, 500))).Items.Select(j => j.Id));
    }

    private static void AssertLawful(Job job)
    {
        Assert.Equal(job.Attempt, job.Attempts.Count);
        Assert.Equal(Enumerable.Range(1, job.Attempt), job.Attempts.Select(a => a.Number));
        Assert.Equal(job.Status.IsFinal(), job.FinishedAt is not null);
        Assert.Equal(job.Status == JobStatus.Running ? 1 : 0, job.Attempts.Count(a => a.Outcome is null));
        Assert.True(job.Status != JobStatus.Running || job.Attempts[^1].Outcome is null);
        Assert.InRange(job.AttemptsUsed, 0, job.Spec.MaxAttempts);
        Assert.True(job.Status is not (JobStatus.Scheduled or JobStatus.Retrying) || job.RunAt is not null);
    }

    private async Task EnqueueAsync(IJobStore store)
    {
        var specs = Enumerable.Range(0, random.Next(1, 4)).Select(_ => _make.Spec() with
        {
            Queue = _make.Chance(3) ? "strict" : "default",
            Delay = _make.Chance(3) ? TimeSpan.FromSeconds(random.Next(1, 20)) : null,
            UniqueKey = _make.Chance(4) ? $"u{random.Next(5)}" : null,
            Unique = _make.Chance(3) ? new(UniqueUntil.Started) : null,
            OnWorkerLost = _make.Chance(2) ? WorkerLostPolicy.Fail : WorkerLostPolicy.Retry,
            Backoff = new() { Delay = TimeSpan.FromSeconds(random.Next(1, 4)), Jitter = 0 },
        }).ToList();
        string? key = _make.Chance(6) ? $"k{random.Next(4)}" : null;
        var request = new EnqueueRequest(specs, key, key is null ? null : $"f{random.Next(2)}") { FirstId = JobId.New(clock) };
        var result = await BothAsync(store, $"enqueue {specs.Count} key {key}", s => s.EnqueueAsync(request));
        _ids.AddRange(result?.Jobs.Where(j => !j.Duplicate && !_ids.Contains(j.Id)).Select(j => j.Id) ?? []);
    }

    private async Task LeaseAsync(IJobStore store)
    {
        int who = random.Next(2);
        var request = new LeaseRequest
        {
            WorkerId = _make.Chance(2) ? "w-a" : "w-b",
            InstanceId = _instances[who],
            Max = random.Next(1, 4),
            Duration = Make.LeaseDuration,
            Queues = _make.Chance(2) ? [new("*")] : _make.Chance(2) ? [new("strict"), new("default")] : [new("default")],
            Capabilities = new(_make.Chance(2), new HashSet<string> { "echo", "send" }, new HashSet<string>()),
        };
        var leases = await BothAsync(store, $"lease {request.Max} by {request.WorkerId}/{who} shell {request.Capabilities.Shell}", s => s.LeaseAsync(request));
        Assert.All(leases, lease => Assert.True(_tokens.Add(lease.Token), $"{lease.Token} was leased before"));
        _leases.AddRange(leases);
    }

    private async Task FinishAsync(IJobStore store)
    {
        // Now and then a lease that is long over: a zombie.
        var finishes = SomeLeases(1).Select(lease => new FinishRequest(lease.Token, _make.Outcome())).ToList();
        await BothAsync(store, $"finish {string.Join(',', finishes.Select(f => f.Outcome.Kind))}", s => s.FinishAsync(finishes));
        if (!_make.Chance(5))
            _leases.RemoveAll(lease => finishes.Any(f => f.Lease == lease.Token));
    }

    private async Task LoseOrPauseAsync(IJobStore store)
    {
        string queue = _make.Chance(2) ? "strict" : "default";
        switch (random.Next(4))
        {
            case 0:
                await BothAsync(store, "lose w-a", s => InAnyOrderAsync(s.LoseWorkerAsync("w-a", _instances[0])));
                break;
            case 1:
                bool paused = _make.Chance(3);
                await BothAsync(store, $"paused {queue} {paused}", async s =>
                {
                    await s.SetPausedAsync(queue, paused);
                    return true;
                });
                break;
            case 2:
                string server = $"server:srv-{random.Next(1, 3)}";
                _limits[server] = _make.Chance(2) ? null : random.Next(3);
                await BothAsync(store, $"limit {server} {_limits[server]}", async s =>
                {
                    await s.SetLimitsAsync(_limits);
                    return true;
                });
                break;
            default:
                await BothAsync(store, "retain", s => s.RetainAsync(new(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(4)), 1000));
                break;
        }
    }

    private async Task PrintAsync(IJobStore store)
    {
        foreach (var lease in SomeLeases(1))
        {
            long first = Math.Max(1, lease.FirstOutputSeq + random.Next(-2, 20));
            var entries = Enumerable.Range(0, random.Next(5)).Select(n => Make.Entry(first + n, $"text {n}", clock.GetUtcNow(),
                (OutputStream)random.Next(1, 4), lease.Token.Attempt)).ToList();
            var trim = _make.Chance(4) ? new OutputTrim(lease.FirstOutputSeq + 3, lease.FirstOutputSeq + random.Next(4, 25), random.Next(1, 500), clock.GetUtcNow()) : null;
            await BothAsync(store, $"print {entries.Count} from {first} trim {trim}", s => s.AppendOutputAsync(lease.Token, entries, trim));
        }
    }

    private async Task ReadAsync(IJobStore store)
    {
        var filter = _ids.Count > 4 ? _make.Combined([.. (await reference.GetAsync(_ids)).OfType<Job>().Take(50)]) : JobFilter.All;
        await BothAsync(store, null, s => s.CountAsync(filter));
        var sort = (JobSort)random.Next(4);
        await BothAsync(store, null, async s => (await s.ListAsync(new(filter, sort, 30))).Items);
        var query = new OutputQuery(SomeIds(1)[0], random.Next(10), _make.Chance(2) ? (OutputStream)random.Next(1, 5) : null,
            _make.Chance(3) ? random.Next(1, 3) : null, random.Next(1, 12), _make.Chance(2), _make.Chance(3) ? random.Next(30) : null);
        await BothAsync(store, $"read {query}", s => s.ReadOutputAsync(query));
    }

    private List<Guid> SomeIds(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => _ids.Count == 0 || _make.Chance(20) ? Guid.Empty : _ids[random.Next(_ids.Count)])];

    private List<Lease> SomeLeases(int most) =>
        _leases.Count == 0 ? [] : [.. Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => _leases[random.Next(_leases.Count)]).DistinctBy(l => l.Token)];

    private static async ValueTask<List<JobChange>> InAnyOrderAsync(ValueTask<IReadOnlyList<JobChange>> changes) =>
        [.. (await changes).OrderBy(c => c.Id)];

    private async Task<T> BothAsync<T>(IJobStore store, string? move, Func<IJobStore, ValueTask<T>> call)
    {
        if (move is not null)
            Journal.Add(move);
        var (expected, expectedError) = await TryAsync(reference, call);
        var (actual, actualError) = await TryAsync(store, call);
        Assert.Equal(expectedError, actualError);
        var (left, right) = (Comparable(expected), Comparable(actual));
        Assert.True(JsonNode.DeepEquals(left, right), $"{move}:\nreference {left}\nstore {right}");
        return actual!;
    }

    private static async Task<(T? Value, string? Error)> TryAsync<T>(IJobStore store, Func<IJobStore, ValueTask<T>> call)
    {
        try
        {
            return (await call(store), null);
        }
        catch (Exception e) when (e is QueueFullException or IdempotencyConflictException)
        {
            return (default, e.Message);
        }
    }

    /// <summary>Without what each store may choose: its own numbers, its own words for a lost worker.</summary>
    private static JsonNode? Comparable<T>(T value)
    {
        var node = JsonSerializer.SerializeToNode(value);
        Clean(node);
        return node;

        static void Clean(JsonNode? node)
        {
            if (node is JsonArray array)
            {
                foreach (var item in array)
                    Clean(item);
            }
            else if (node is JsonObject thing)
            {
                if (thing.ContainsKey("Spec"))
                    thing.Remove("Seq");
                if (thing["Reason"]?.ToString() == FailureReasons.WorkerLost)
                    thing.Remove("Error");
                foreach (var (_, inner) in thing.ToList())
                    Clean(inner);
            }
        }
    }
}
