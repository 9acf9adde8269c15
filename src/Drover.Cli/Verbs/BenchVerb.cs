using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs;

/// <summary><c>drover bench</c>: loads the target with no-op jobs and prints what it did.</summary>
internal static class BenchVerb
{
    /// <summary>The task type that a worker of this program completes at once.</summary>
    public const string JobType = "noop";

    public static Command Make()
    {
        var jobs = new Option<int>("--jobs", "-n") { Description = "how many jobs", HelpName = "N", DefaultValueFactory = _ => 20_000 };
        var connections = new Option<int>("--connections", "-c") { Description = "how many submit at once", HelpName = "N", DefaultValueFactory = _ => 50 };
        var batch = new Option<int>("--batch") { Description = "jobs in one request", HelpName = "N", DefaultValueFactory = _ => 1 };
        var queue = new Option<string>("--queue", "-q") { Description = "the queue", HelpName = "QUEUE", DefaultValueFactory = _ => "default" };
        return Verb.Make("bench", "load Drover with no-op jobs and print throughput and latency", "drover bench --jobs 50000 --batch 100", jobs, connections, batch, queue)
            .Calls((parsed, call) => RunAsync(call, parsed.GetValue(jobs), parsed.GetValue(connections), parsed.GetValue(batch), parsed.GetValue(queue)!));
    }

    private static async Task<int> RunAsync(Call call, int jobs, int connections, int batch, string queue)
    {
        if (jobs is < 1 or > 10_000_000 || connections is < 1 or > 1000 || batch is < 1 or > 10_000)
            throw new UsageException("--jobs must be 1 to 10000000, --connections 1 to 1000, --batch 1 to 10000.");
        var workers = await call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel);
        if (!workers.Items.Any(worker => worker.JobTypes.Contains(JobType)))
            throw new UsageException($"No connected worker runs '{JobType}' jobs, so they would wait for ever.");
        string tag = "bench-" + Guid.NewGuid().ToString("N")[..12];
        int left = jobs, done = 0;
        var latencies = new List<double>[connections];
        long start = Stopwatch.GetTimestamp();

        async Task ProduceAsync(int index)
        {
            var mine = latencies[index] = [];
            while (true)
            {
                int size = batch - Math.Max(0, -Interlocked.Add(ref left, -batch));
                if (size <= 0)
                    return;
                long sent = Stopwatch.GetTimestamp();
                await SubmitAsync(call, size, queue, tag);
                mine.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                Interlocked.Add(ref done, size);
            }
        }

        var producers = Task.WhenAll(Enumerable.Range(0, connections).Select(i => Task.Run(() => ProduceAsync(i))));
        await WatchAsync(call, "submitting", jobs, () => Task.FromResult((long)Volatile.Read(ref done)), producers);
        await producers;
        double submitted = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await WatchAsync(call, "finishing", jobs, async () => (await call.Client.GetAsync<JobCountsResponse>($"jobs/counts?tag={tag}", call.Cancel)).Completed, null);
        double finished = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Print(call, jobs, submitted, finished, [.. latencies.SelectMany(list => list).Order()]);
        return 0;
    }

    private static async Task SubmitAsync(Call call, int size, string queue, string tag)
    {
        var job = new JobRequest { JobType = JobType, Queue = queue, Tags = [tag] };
        if (size == 1)
            await call.Client.SendAsync<JobRequest, JobResponse>(HttpMethod.Post, "jobs", job, call.Cancel);
        else
            await call.Client.SendAsync<JobBulkRequest, JobBulkResponse>(HttpMethod.Post, "jobs/bulk", new JobBulkRequest { Jobs = [.. Enumerable.Repeat(job, size)] }, call.Cancel);
    }

    /// <summary>Shows a progress bar on a terminal until all are there (or the task has ended).</summary>
    private static async Task WatchAsync(Call call, string what, int total, Func<Task<long>> count, Task? until)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        async Task LoopAsync(Action<long> show)
        {
            while (await count() is var n && n < total && until is not { IsCompleted: true })
            {
                show(n);
                await timer.WaitForNextTickAsync(call.Cancel);
            }

            show(total);
        }

        if (Console.IsErrorRedirected || call.Screen.Json)
            await LoopAsync(_ => { });
        else
            await call.Screen.Error.Progress().AutoClear(true).StartAsync(async progress =>
            {
                var bar = progress.AddTask(what, maxValue: total);
                await LoopAsync(n => bar.Value = n);
            });
    }

    private static void Print(Call call, int jobs, double submitted, double finished, double[] latencies)
    {
        double At(double share) => latencies[Math.Min(latencies.Length - 1, (int)(latencies.Length * share))];
        if (call.Screen.Json)
        {
            call.Screen.Line(string.Create(CultureInfo.InvariantCulture,
                $"{{\"jobs\":{jobs},\"submit_seconds\":{submitted:0.###},\"submit_per_second\":{jobs / submitted:0},\"finish_seconds\":{finished:0.###},\"finish_per_second\":{jobs / finished:0},\"submit_ms\":{{\"p50\":{At(0.5):0.###},\"p95\":{At(0.95):0.###},\"p99\":{At(0.99):0.###}}}}}"));
            return;
        }

        var table = Screen.Table("", "time", "jobs/s", "p50", "p95", "p99");
        string Ms(double ms) => string.Create(CultureInfo.InvariantCulture, $"{ms:0.##}ms");
        table.AddRow("submitted", Words.Duration(submitted), string.Create(CultureInfo.InvariantCulture, $"{jobs / submitted:#,0}"), Ms(At(0.5)), Ms(At(0.95)), Ms(At(0.99)));
        table.AddRow("finished", Words.Duration(finished), string.Create(CultureInfo.InvariantCulture, $"{jobs / finished:#,0}"), "", "", "");
        call.Screen.Out.Write(table);
    }
}
