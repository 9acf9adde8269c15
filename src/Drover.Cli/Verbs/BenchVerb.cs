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

    private static readonly Option<int> Jobs = new("--jobs", "-n") { Description = "how many jobs", HelpName = "N", DefaultValueFactory = _ => 20_000 };
    private static readonly Option<int> Connections = new("--connections", "-c") { Description = "how many submit at once", HelpName = "N", DefaultValueFactory = _ => 50 };
    private static readonly Option<int> Batch = new("--batch") { Description = "jobs in one request", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Queue = new("--queue", "-q") { Description = "the queue", HelpName = "QUEUE", DefaultValueFactory = _ => "default", CompletionSources = { Completion.Queues } };
    private static readonly Option<bool> Keep = new("--keep") { Description = "leave the finished jobs in the history" };

    public static Command Make() =>
        Verb.Make("bench", "load Drover with no-op jobs and print throughput and latency", "drover bench\ndrover bench --jobs 100000 --batch 500", Jobs, Connections, Batch, Queue, Keep)
            .Calls(async (parsed, call) =>
            {
                var (jobs, connections, batch) = (parsed.GetValue(Jobs), parsed.GetValue(Connections), parsed.GetValue(Batch));
                if (jobs is < 1 or > 10_000_000 || connections is < 1 or > 1000 || batch is < 1 or > 10_000)
                    throw new UsageException("--jobs must be 1 to 10000000, --connections 1 to 1000, --batch 1 to 10000.");
                await CheckAsync(call, parsed.GetValue(Queue)!);
                var job = new JobRequest { JobType = JobType, Queue = parsed.GetValue(Queue), Tags = ["bench-" + Guid.NewGuid().ToString("N")[..12]] };
                var result = await RunAsync(call, job, jobs, connections, batch);
                Print(call, result);
                if (!parsed.GetValue(Keep))
                    await call.Client.SendAsync<JobActionRequest, JobActionResponse>(HttpMethod.Post, "jobs/actions", new() { Action = JobAction.Delete, Filter = new() { Tag = job.Tags[0] } }, call.Cancel);
                return 0;
            });

    private static async Task CheckAsync(Call call, string queue)
    {
        var workers = (await call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel)).Items.Where(worker => !worker.Draining).ToList();
        if (!workers.Exists(worker => worker.JobTypes.Contains(JobType) && worker.Queues.Any(name => name == "*" || name == queue)))
            throw new UsageException($"No connected worker runs '{JobType}' jobs of the queue {queue}, so they would wait for ever.");
        if ((await call.Client.GetAsync<QueueResponse>("queues/" + Uri.EscapeDataString(queue), call.Cancel)).Paused)
            throw new UsageException($"The queue {queue} is paused, so they would wait for ever.");
    }

    private static async Task<Result> RunAsync(Call call, JobRequest job, int jobs, int connections, int batch)
    {
        int left = jobs, done = 0;
        var latencies = new List<double>[connections];
        long start = Stopwatch.GetTimestamp();
        async Task ProduceAsync(int index)
        {
            var mine = latencies[index] = [];
            while (true)
            {
                int size = batch + Math.Min(0, Interlocked.Add(ref left, -batch));
                if (size <= 0)
                    return;
                long sent = Stopwatch.GetTimestamp();
                await SubmitAsync(call, job, size);
                mine.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                Interlocked.Add(ref done, size);
            }
        }

        var producers = Task.WhenAll(Enumerable.Range(0, connections).Select(i => Task.Run(() => ProduceAsync(i))));
        await WatchAsync(call, "submitting", jobs, () => Task.FromResult((long)Volatile.Read(ref done)), producers);
        await producers;
        double submitted = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await WatchAsync(call, "finishing", jobs, async () => (await call.Client.GetAsync<JobCountsResponse>($"jobs/counts?tag={job.Tags![0]}", call.Cancel)).Completed, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Cancel));
        double finished = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var last = (await call.Client.GetAsync<JobListResponse>($"jobs?limit=500&tag={job.Tags![0]}", call.Cancel)).Items;
        return new(jobs, submitted, finished, [.. latencies.SelectMany(list => list).Order()],
            [.. last.Select(one => ((one.FinishedAt ?? one.CreatedAt) - one.CreatedAt).TotalMilliseconds).Order()]);
    }

    private static async Task SubmitAsync(Call call, JobRequest job, int size)
    {
        if (size == 1)
            await call.Client.SendAsync<JobRequest, JobResponse>(HttpMethod.Post, "jobs", job, call.Cancel);
        else
            await call.Client.SendAsync<JobBulkRequest, JobBulkResponse>(HttpMethod.Post, "jobs/bulk", new JobBulkRequest { Jobs = [.. Enumerable.Repeat(job, size)] }, call.Cancel);
    }

    /// <summary>Shows a progress bar on a terminal until all are there or the work has ended.</summary>
    private static async Task WatchAsync(Call call, string what, int total, Func<Task<long>> count, Task work)
    {
        async Task LoopAsync(Action<long> show)
        {
            while (!work.IsCompleted && await count() is var n && n < total)
            {
                show(n);
                await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, call.Cancel));
            }
        }

        if (Console.IsErrorRedirected || call.Screen.Json)
        {
            await LoopAsync(_ => { });
            return;
        }

        await call.Screen.Error.Progress().AutoClear(true).StartAsync(async progress =>
        {
            var bar = progress.AddTask(what, maxValue: total);
            await LoopAsync(n => bar.Value = n);
        });
    }

    private static void Print(Call call, Result result)
    {
        if (call.Screen.Json)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{{\"jobs\":{result.Jobs},\"submit_seconds\":{result.Submitted:0.###},\"submit_per_second\":{result.Jobs / result.Submitted:0},\"finish_seconds\":{result.Finished:0.###},\"finish_per_second\":{result.Jobs / result.Finished:0},\"submit_ms\":{Json(result.Requests)},\"life_ms\":{Json(result.Lives)}}}"));
            return;
        }

        var table = new TextTable().Add("").Add("time", right: true).Add("jobs/s", right: true).Add("p50", right: true).Add("p95", right: true).Add("p99", right: true).Add("");
        void Row(string name, double seconds, double[] sample, string what) => table.Row(name, Words.Duration(seconds), string.Create(CultureInfo.InvariantCulture, $"{result.Jobs / seconds:#,0}"),
            Words.Milliseconds(At(sample, 0.5)), Words.Milliseconds(At(sample, 0.95)), Words.Milliseconds(At(sample, 0.99)), $"[grey]{what}[/]");
        Row("submitted", result.Submitted, result.Requests, "a request, until it is accepted durably");
        Row("finished", result.Finished, result.Lives, "a job, from accepted to finished (the last 500)");
        call.Screen.Write(table);
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];

    private static string Json(double[] sorted) =>
        string.Create(CultureInfo.InvariantCulture, $"{{\"p50\":{At(sorted, 0.5):0.###},\"p95\":{At(sorted, 0.95):0.###},\"p99\":{At(sorted, 0.99):0.###}}}");

    /// <summary>Times of the whole in seconds, of single requests and jobs in milliseconds, sorted.</summary>
    private sealed record Result(int Jobs, double Submitted, double Finished, double[] Requests, double[] Lives);
}
