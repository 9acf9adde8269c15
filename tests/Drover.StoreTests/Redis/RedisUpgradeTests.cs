using System.Text;
using Drover.Jobs;
using Drover.Redis;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Drover.StoreTests.Redis;

/// <summary>Jobs that an earlier Drover left in Redis (schema 1: a hash for each job, sorted sets to list them by).</summary>
public sealed class RedisUpgradeTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Then = new(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);
    private readonly string _prefix = Guid.NewGuid().ToString("n");
    private ConnectionMultiplexer _raw = null!;
    private IDatabase _data = null!;
    private int _count;

    public async ValueTask InitializeAsync()
    {
        _raw = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{(await SharedRedis.Current.ServerAsync()).Port}");
        _data = _raw.GetDatabase();
        await _data.StringSetAsync(Key("schema"), 1);
    }

    public ValueTask DisposeAsync() => _raw.DisposeAsync();

    [Fact]
    public async Task Jobs_in_every_state_are_as_they_were()
    {
        byte[] large = [.. Enumerable.Repeat((byte)'x', 3000)];
        var queued = await StoreAsync("2", ("rdy", Ticks(0)), ("pay", "{}"));
        var heavy = await StoreAsync("2", ("rdy", Ticks(0)), ("pay", large), ("pr", "2"));
        var due = await StoreAsync("1", ("due", Ticks(3600)), ("uk", "=once"));
        var running = await StoreAsync("3", ("rdy", Ticks(0)), ("at", "1"), ("sat", Ticks(1)), ("w", "w"), ("inst", "i"), ("dur", "30000000"), ("a1", Ticks(1) + "\nw"), ("os", "7"));
        var failed = await StoreAsync("6", ("at", "2"), ("used", "2"), ("sat", Ticks(3)), ("w", "v"), ("lo", "2"), ("fin", Ticks(4)), ("can", Ticks(3)), ("cby", "me"),
            ("a1", Ticks(1) + "\nw"), ("f1", Bytes(Ticks(2) + "\n", Make.Failed)), ("a2", Ticks(3) + "\nv"), ("f2", Bytes(Ticks(4) + "\n", Make.Failed)));
        // More than are moved at once.
        var done = new List<Guid>();
        for (int n = 0; n < 250; n++)
            done.Add(await StoreAsync("5", ("at", "1"), ("used", "1"), ("sat", Ticks(1)), ("w", "w"), ("lo", "1"), ("fin", Ticks(2)), ("a1", Ticks(1) + "\nw"), ("f1", Bytes(Ticks(2) + "\n", Make.Completed))));
        await _data.HashSetAsync(Key("uk"), "=once", "000000000003");
        var pack = await _data.ScriptEvaluateAsync("return cmsgpack.pack({ tonumber(ARGV[1]), 'print', ARGV[2] })", values: [Micros(TimeProvider.System.GetUtcNow()), $"{queued:n}20"]);
        await _data.HashSetAsync(Key("ik"), "=again", (byte[])pack!);

        await using var node = await OpenAsync();
        Assert.Equal(2, (int)await _data.StringGetAsync(Key("schema")));
        Assert.Equal(new JobCounts(1, 2, 1, 0, 250, 1, 0), await node.Jobs.CountAsync(JobFilter.All));
        var jobs = await node.Jobs.GetAsync([queued, heavy, due, running, failed, done[249]]);
        Assert.Equal([1, 2, 3, 4, 5, 255], jobs.Select(job => (int)job!.Seq));
        Assert.All(jobs, job => Assert.Equal(Then, job!.CreatedAt));
        Assert.Equal("{}", Encoding.UTF8.GetString(jobs[0]!.Spec.Task!.Payload.Span));
        Assert.Equal((2, 3000), (jobs[1]!.Priority, jobs[1]!.Spec.Task!.Payload.Length));
        Assert.Equal(Then.AddHours(1), jobs[2]!.RunAt);
        Assert.Equal((JobStatus.Running, "w", Then.AddSeconds(1)), (jobs[3]!.Status, jobs[3]!.WorkerId, jobs[3]!.StartedAt));
        Assert.Equal(("me", Then.AddSeconds(3), Then.AddSeconds(4), "v"), (jobs[4]!.CanceledBy, jobs[4]!.CancelRequestedAt, jobs[4]!.FinishedAt, jobs[4]!.WorkerId));
        Assert.Equal([("w", Then.AddSeconds(2)), ("v", Then.AddSeconds(4))], jobs[4]!.Attempts.Select(a => (a.WorkerId, a.FinishedAt!.Value)));
        Assert.All(jobs[4]!.Attempts, a => Assert.Equal(Make.Failed.Error, a.Outcome!.Error));
        Assert.Equal(OutcomeKind.Completed, jobs[5]!.Outcome!.Kind);

        // They can be found, go on, and go.
        Assert.Equal(heavy, Assert.Single((await node.Jobs.ListAsync(new(new() { Priority = 2 }))).Items).Id);
        Assert.Equal(250, (await node.Jobs.CountAsync(new() { JobType = "echo" })).Completed);
        Assert.True(Assert.Single((await node.Jobs.EnqueueAsync(new(Make.Task() with { UniqueKey = "once" }))).Jobs).Duplicate);
        Assert.True((await node.Jobs.EnqueueAsync(new([Make.Task()], "again", "print"))).Replayed);
        Assert.Equal(ChangeResult.Done, Assert.Single(await node.Jobs.FinishAsync([new(new(running, 1), Make.Completed)])).Result);
        Assert.Equal(251, await node.Jobs.RetainAsync(new(TimeSpan.FromHours(1), TimeSpan.FromHours(1)), 1000));
        Assert.DoesNotContain(await KeysAsync(), key => key.StartsWith("j:", StringComparison.Ordinal) || key.StartsWith("s:", StringComparison.Ordinal) || key == "all");
    }

    [Fact]
    public async Task While_nodes_of_an_earlier_version_live_it_refuses()
    {
        await StoreAsync("2", ("rdy", Ticks(0)));
        await _data.SortedSetAddAsync(Key("nodes"), "theirs", TimeProvider.System.GetUtcNow().AddSeconds(30).ToUnixTimeSeconds());
        var refused = await Assert.ThrowsAsync<RedisConfigurationException>(() => OpenAsync());
        Assert.Contains("stop them first", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (int)await _data.StringGetAsync(Key("schema")));
    }

    private RedisKey Key(string name) => "{drover:" + _prefix + "}:" + name;

    private static string Ticks(int seconds) => Then.AddSeconds(seconds).UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static byte[] Bytes(string head, AttemptOutcome outcome) => [.. Encoding.UTF8.GetBytes(head), .. StoredOutcome.Write(outcome)];

    private async Task<RedisDatabase> OpenAsync() => await RedisDatabase.OpenAsync(
        new() { ConnectionString = (await SharedRedis.Current.ServerAsync()).Url, Prefix = _prefix }, TimeProvider.System, NullLoggerFactory.Instance);

    private async Task<List<string>> KeysAsync()
    {
        var found = new List<string>();
        await foreach (var key in _raw.GetServers()[0].KeysAsync(pattern: "{drover:" + _prefix + "}:*"))
            found.Add(key.ToString()[(_prefix.Length + 10)..]);
        return found;
    }

    /// <summary>A job as schema 1 kept it.</summary>
    private async Task<Guid> StoreAsync(string status, params (string Name, RedisValue Value)[] fields)
    {
        var id = Guid.NewGuid();
        long seq = ++_count;
        string number = seq.ToString("D12", System.Globalization.CultureInfo.InvariantCulture);
        var hash = new Dictionary<string, RedisValue>
        {
            ["id"] = id.ToString("n"),
            ["q"] = "default",
            ["needs"] = "task:echo",
            ["lk"] = "",
            ["pr"] = "5",
            ["uk"] = "",
            ["spec"] = SpecJson.Write(Make.Task()),
            ["cr"] = Ticks(0),
            ["at"] = "0",
            ["used"] = "0",
            ["st"] = status,
            ["ix"] = (byte[])(await _data.ScriptEvaluateAsync("return cmsgpack.pack({ 't:echo' })"))!,
        };
        foreach (var (name, value) in fields)
            hash[name] = value;
        await _data.HashSetAsync(Key("j:" + number), [.. hash.Select(field => new HashEntry(field.Key, field.Value))]);
        await _data.HashSetAsync(Key("ids"), id.ToString("n"), number);
        foreach (string set in (string[])["all", "p:" + hash["pr"], "s:" + status, "ix:t:echo"])
            await _data.SortedSetAddAsync(Key(set), number, seq);
        if (status == "1")
            await _data.SortedSetAddAsync(Key("wt"), number, Micros(Then.AddHours(1)));
        if (status == "2")
        {
            await _data.SortedSetAddAsync(Key($"l:default\ntask:echo\n\n{hash["pr"]}"), number, seq);
            await _data.SetAddAsync(Key("lines:default"), $"task:echo\n\n{hash["pr"]}");
        }

        if (status == "3")
        {
            await _data.SortedSetAddAsync(Key("run"), number, Micros(TimeProvider.System.GetUtcNow()) + 30_000_000);
            await _data.SetAddAsync(Key("w:w"), number);
        }

        if (hash.ContainsKey("fin"))
            await _data.SortedSetAddAsync(Key(status == "6" ? "ff" : "fc"), number, Micros(Then.AddSeconds(2)));
        await _data.HashIncrementAsync(Key("qc"), status + "default");
        await _data.SetAddAsync(Key("qs"), "default");
        await _data.StringSetAsync(Key("seq"), seq);
        return id;
    }
}
