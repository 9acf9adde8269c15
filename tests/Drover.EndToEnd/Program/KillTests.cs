using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>The promise of the whole product: killed at any moment, it loses nothing that it acknowledged and repeats nothing that may not run twice.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 20;
    private const int Submitters = 4;

    private readonly ConcurrentBag<Submitted> _acknowledged = [];
    private int _next;
    private volatile bool _over;

    [Fact]
    public async Task Killed_twenty_times_under_load_it_loses_nothing_and_doubles_nothing()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("DROVER_SEED"), out int given) ? given : Environment.TickCount & 0xFFFF;
        output.WriteLine($"seed {seed} (DROVER_SEED={seed} repeats the moments)");
        var random = new Random(seed);
        string mark = "mark" + Guid.NewGuid().ToString("N");
        await using var drover = await RunningDrover.StartAsync(
            "--worker-lease", "2s", "--worker-heartbeat-interval", "500ms", "--worker-concurrency", "8", "--queue-name", "*", "--log-level", "warn");
        string traces = Directory.CreateDirectory(Path.Combine(drover.Folder, "traces")).FullName;

        var submitters = Enumerable.Range(0, Submitters).Select(i => Task.Run(() => SubmitAsync(drover, traces, mark, new Random(seed + i + 1)))).ToArray();
        for (int kill = 0; kill < Kills; kill++)
        {
            // From the very start of loading to well into the work, so that kills also hit what a start repairs.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 2500)), TimeProvider.System);
            await drover.Program.KillAsync();
            await drover.StartAgainAsync();
        }

        _over = true;
        await Task.WhenAll(submitters);
        await RunningDrover.WaitAsync(async () => await UnfinishedAsync(drover) == 0, () => "Jobs never end:\n" + drover.Log, seconds: 120);
        await CheckAsync(drover, traces);
        await ShellHost.NothingLeftAsync(mark);
    }

    private static async Task<long> UnfinishedAsync(RunningDrover drover)
    {
        var counts = await drover.GetAsync("jobs/counts");
        return new[] { "scheduled", "queued", "running", "retrying" }.Sum(status => counts[status]!.GetValue<long>());
    }

    private async Task CheckAsync(RunningDrover drover, string traces)
    {
        int lost = 0, unfinished = 0, doubled = 0, silent = 0, workerLost = 0, wrong = 0;
        var details = new List<string>();
        foreach (var submitted in _acknowledged)
        {
            using var answer = await drover.Http.GetAsync("jobs/" + submitted.Id);
            if (!answer.IsSuccessStatusCode)
            {
                lost++;
                continue;
            }

            var job = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            string status = job["status"]!.GetValue<string>(), reason = job["reason"]?.GetValue<string>() ?? "";
            string trace = Path.Combine(traces, submitted.Tag);
            int runs = File.Exists(trace) ? File.ReadAllLines(trace).Length : 0;
            bool bad = true;
            if (status is not ("completed" or "failed"))
                unfinished++;
            else if (submitted.Kind == "fail" && runs > 1)
                doubled++;
            else if (submitted.Kind != "noop" && status == "completed" && runs == 0)
                silent++;
            // The only reason to fail here is a kill; what may be run again is, until it has run.
            else if (status == "failed" && (reason != "worker_lost" || submitted.Kind != "fail"))
                wrong++;
            else
                bad = false;
            if (bad)
                details.Add($"{submitted} {runs} runs: {job.ToJsonString()}");
            if (reason == "worker_lost")
                workerLost++;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_acknowledged.Count} jobs acknowledged, {Kills} kills, {workerLost} jobs ended as worker_lost, lost {lost}, unfinished {unfinished}, doubled {doubled}, completed without a trace {silent}, failed otherwise {wrong}"));
        Assert.True(lost + unfinished + doubled + silent + wrong == 0, $"lost {lost}, unfinished {unfinished}, doubled {doubled}, silent {silent}, wrong {wrong}\n" + string.Join('\n', details.Take(5)));
        Assert.True(workerLost > 0, "No kill caught a job, so nothing was tried.");
        Assert.True(_acknowledged.Count > Kills * 10, $"Only {_acknowledged.Count} jobs: that is no load.");
    }

    private async Task SubmitAsync(RunningDrover drover, string traces, string mark, Random random)
    {
        while (!_over)
        {
            string tag = "t" + Interlocked.Increment(ref _next).ToString(CultureInfo.InvariantCulture);
            string kind = random.Next(4) switch { 0 => "noop", 1 => "retry", _ => "fail" };
            using var body = RunningDrover.Body(Job(kind, tag, traces, mark, random));
            try
            {
                using var answer = await drover.Http.PostAsync("jobs", body);
                if (answer.IsSuccessStatusCode)
                    _acknowledged.Add(new(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!.GetValue<string>(), kind, tag));
                else
                    Assert.Fail($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // Killed before the answer: the job may or may not be there, and nobody was told that it is.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }

            // About as fast as eight slots take them, so that queued, running and ending jobs are all there at each kill.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 80)), TimeProvider.System);
        }
    }

    private static JsonObject Job(string kind, string tag, string traces, string mark, Random random)
    {
        if (kind == "noop")
            return new() { ["job_type"] = "noop", ["tags"] = new JsonArray(tag), ["on_worker_lost"] = "retry", ["max_attempts"] = 50, ["backoff"] = new JsonObject { ["delay"] = 0.1 } };
        double seconds = random.Next(3) == 0 ? random.Next(100, 800) / 1000.0 : 0;
        string work = seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"; sleep {seconds}") : "";
        return new()
        {
            ["command"] = $"echo {tag} >> {traces}/{tag}{work}",
            ["server_id"] = "local",
            ["env"] = new JsonObject { ["MARK"] = mark },
            ["tags"] = new JsonArray(tag),
            ["on_worker_lost"] = kind,
            ["max_attempts"] = 50,
            ["backoff"] = new JsonObject { ["delay"] = 0.1 },
        };
    }

    private sealed record Submitted(string Id, string Kind, string Tag);
}
