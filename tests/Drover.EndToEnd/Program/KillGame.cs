using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Drover.EndToEnd.Program;

/// <summary>A load of jobs that leave traces, submitted while what takes them is killed again and again, and the reckoning at the end.</summary>
/// <param name="output">Where the reckoning is printed.</param>
/// <param name="folder">Where the jobs' traces go.</param>
/// <param name="mark">What their processes carry, to find those left over.</param>
/// <param name="api">An API to talk to at the moment.</param>
internal sealed class KillGame(ITestOutputHelper output, string folder, string mark, Func<HttpClient> api)
{
    private readonly string _traces = Directory.CreateDirectory(Path.Combine(folder, "traces")).FullName;
    private readonly ConcurrentBag<Submitted> _acknowledged = [];
    private Task[] _submitters = [];
    private int _next;
    private volatile bool _over;

    /// <summary>How many jobs were accepted by now.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>What a caller may be answered while something it needs is killed.</summary>
    public bool MayBeAway { get; init; }

    public static int Seed(ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("DROVER_SEED"), out int given) ? given : Environment.TickCount & 0xFFFF;
        output.WriteLine($"seed {seed} (DROVER_SEED={seed} repeats the moments)");
        return seed;
    }

    public void Begin(int submitters, int seed) =>
        _submitters = [.. Enumerable.Range(0, submitters).Select(i => Task.Run(() => SubmitAsync(new Random(seed + i + 1))))];

    /// <summary>No more jobs; waits until all have ended.</summary>
    public async Task EndAsync(Func<string> logs)
    {
        _over = true;
        await Task.WhenAll(_submitters);
        await RunningDrover.WaitAsync(async () => await UnfinishedAsync() == 0, () => "Jobs never end:\n" + logs(), seconds: 120);
    }

    private async Task<long> UnfinishedAsync()
    {
        using var answer = await api().GetAsync("jobs/counts");
        if (!answer.IsSuccessStatusCode)
            return -1;
        var counts = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return new[] { "scheduled", "queued", "running", "retrying" }.Sum(status => counts[status]!.GetValue<long>());
    }

    /// <summary>Looks at every acknowledged job: none lost, none doubled.</summary>
    public async Task CheckAsync(int kills)
    {
        int lost = 0, unfinished = 0, doubled = 0, silent = 0, workerLost = 0, wrong = 0;
        var details = new List<string>();
        foreach (var submitted in _acknowledged)
        {
            using var answer = await api().GetAsync("jobs/" + submitted.Id);
            if (!answer.IsSuccessStatusCode)
            {
                lost++;
                continue;
            }

            var job = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            string status = job["status"]!.GetValue<string>(), reason = job["reason"]?.GetValue<string>() ?? "";
            string trace = Path.Combine(_traces, submitted.Tag);
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

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_acknowledged.Count} jobs acknowledged, {kills} kills, {workerLost} jobs ended as worker_lost, lost {lost}, unfinished {unfinished}, doubled {doubled}, completed without a trace {silent}, failed otherwise {wrong}"));
        Assert.True(lost + unfinished + doubled + silent + wrong == 0, $"lost {lost}, unfinished {unfinished}, doubled {doubled}, silent {silent}, wrong {wrong}\n" + string.Join('\n', details.Take(5)));
        Assert.True(workerLost > 0, "No kill caught a job, so nothing was tried.");
        Assert.True(_acknowledged.Count > kills * 10, $"Only {_acknowledged.Count} jobs: that is no load.");
    }

    private async Task SubmitAsync(Random random)
    {
        while (!_over)
        {
            string tag = "t" + Interlocked.Increment(ref _next).ToString(CultureInfo.InvariantCulture);
            string kind = random.Next(4) switch { 0 => "noop", 1 => "retry", _ => "fail" };
            using var body = RunningDrover.Body(Job(kind, tag, random));
            try
            {
                using var answer = await api().PostAsync("jobs", body);
                if (answer.IsSuccessStatusCode)
                    _acknowledged.Add(new(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!.GetValue<string>(), kind, tag));
                else if (!MayBeAway || (int)answer.StatusCode != 503)
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

    private JsonObject Job(string kind, string tag, Random random)
    {
        if (kind == "noop")
            return new() { ["job_type"] = "noop", ["tags"] = new JsonArray(tag), ["on_worker_lost"] = "retry", ["max_attempts"] = 50, ["backoff"] = new JsonObject { ["delay"] = 0.1 } };
        double seconds = random.Next(3) == 0 ? random.Next(100, 800) / 1000.0 : 0;
        string work = seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"; sleep {seconds}") : "";
        return new()
        {
            ["command"] = $"echo {tag} >> {_traces}/{tag}{work}",
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
