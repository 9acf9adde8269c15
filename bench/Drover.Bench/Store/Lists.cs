using System.Diagnostics;
using Drover.Jobs;
using Drover.Sqlite;
using Drover.Storage;

namespace Drover.Bench.Store;

/// <summary>How long lists, filters, search and counts take when there are many jobs, every tenth of them a command.</summary>
internal static class Lists
{
    public static async Task RunAsync(string directory, int jobs)
    {
        await using var database = await StoreBench.OpenAsync(directory, Durability.Normal);
        var store = database.Jobs;
        var random = new Random(1);
        var clock = Stopwatch.StartNew();
        for (int n = 0; n < jobs; n += 1000)
        {
            await store.EnqueueAsync(new([.. Enumerable.Range(n, 1000).Select(Spec)]));
            if (random.Next(3) > 0)
                await RunSomeAsync(store, random);
        }

        Console.WriteLine($"Filled with {jobs:N0} jobs in {clock.Elapsed.TotalSeconds:N1} s");
        var all = JobFilter.All;
        await TimeAsync(store, "all", all);
        await TimeAsync(store, "failed", all with { Statuses = [JobStatus.Failed] });
        await TimeAsync(store, "queued, priority 2", all with { Statuses = [JobStatus.Queued], Priority = 2 });
        await TimeAsync(store, "server", all with { ServerId = "srv-7" });
        await TimeAsync(store, "tag", all with { Tag = "tag-3" });
        await TimeAsync(store, "type and a minute", all with { JobType = "noop", CreatedAfter = TimeProvider.System.GetUtcNow().AddMinutes(-1) });
        await TimeAsync(store, "none", all with { Queue = "nowhere" });
        await TimeAsync(store, "text, rare", all with { Text = $"artifact-{jobs / 20 * 10}" });
        await TimeAsync(store, "text, in all commands", all with { Text = "tar czf" });
        await TimeAsync(store, "text of two characters", all with { Text = "cz" });
        var first = (await store.ListAsync(new(all, JobSort.CreatedAscending, 1))).Items[0];
        await TimeAsync(store, "id prefix", all with { Text = first.Id.ToString()[..13] });
        clock.Restart();
        await store.ThroughputAsync(TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1));
        Console.WriteLine($"Throughput of an hour: {clock.Elapsed.TotalMilliseconds:N1} ms");
    }

    public static JobSpec Spec(int n) => n % 10 != 0 ? Life.Spec(n) with { Priority = 1 + (n % 10), Tags = n % 3 == 0 ? [$"tag-{n % 20}"] : [] } : new()
    {
        Kind = JobKind.Command,
        Tags = [$"tag-{n % 20}", "nightly"],
        Shell = new() { ServerId = $"srv-{n / 10 % 50}", ServerName = $"server {n / 10 % 50}", Command = $"tar czf /var/backup/artifact-{n}.tgz /srv/data/{n % 77} && echo done" },
    };

    private static async Task RunSomeAsync(IJobStore store, Random random)
    {
        var leases = await store.LeaseAsync(Life.Request with { Max = 900 });
        await store.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, random.Next(50) == 0
            ? AttemptOutcome.Failure(FailureReasons.Exception, "The handler threw: a connection was reset", neverRetry: true)
            : AttemptOutcome.Exited(0)))]);
    }

    private static async Task TimeAsync(IJobStore store, string what, JobFilter filter)
    {
        var times = new List<double>();
        long total = 0;
        foreach (var sort in Enum.GetValues<JobSort>())
            times.Add(await BestAsync(() => store.ListAsync(new(filter, sort, 50)).AsTask()));
        times.Add(await BestAsync(async () => total = (await store.CountAsync(filter)).Total));
        Console.WriteLine($"{what,-26} list by -created {times[0],6:N1}  created {times[1],6:N1}  -finished {times[2],6:N1}  priority {times[3],6:N1}  count {times[4],6:N1} ms ({total:N0})");
    }

    /// <summary>The second best of five, so that the compiler's first steps do not count.</summary>
    private static async Task<double> BestAsync(Func<Task> run)
    {
        var times = new List<double>();
        for (int n = 0; n < 5; n++)
        {
            var clock = Stopwatch.StartNew();
            await run();
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        return times.Order().ElementAt(1);
    }
}
