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
    private const int JobsPerKill = 10;

    private readonly string _traces = Directory.CreateDirectory(Path.Combine(folder, "traces")).FullName;
    private readonly ConcurrentBag<Submitted> _acknowledged = [];
    private Task[] _submitters = [];
    private int _next;
    private volatile bool _over;

    /// <summary>How many jobs were accepted by now.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>What a caller may be answered while something it needs is killed.</summary>
    public bool MayBeAway { get; init; }

    /// <summary>Whether who is not answered asks again with the same idempotency key until he is: then every job there is was acknowledged, once.</summary>
    public bool AsksAgain { get; init; }

    public static int Seed(ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("DROVER_TEST_SEED"), out int given) ? given : Environment.TickCount & 0xFFFF;
        output.WriteLine($"seed {seed} (DROVER_TEST_SEED={seed} repeats the moments)");
        return seed;
    }

    public void Begin(int submitters, int seed) =>
        _submitters = [.. Enumerable.Range(0, submitters).Select(i => Task.Run(() => SubmitAsync(new Random(seed + i + 1))))];

    /// <summary>Waits until there was a load to speak of, also on a slow machine; then no more jobs, and until all have ended.</summary>
    /// <param name="kills">How many processes were killed.</param>
    /// <param name="logs">What to show when that never happens.</param>
    public async Task EndAsync(int kills, Func<string> logs)
    {
        await RunningDrover.WaitAsync(() => Task.FromResult(Acknowledged > kills * JobsPerKill), () => $"Only {Acknowledged} jobs are accepted:\n" + logs(), seconds: 120);
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

    /// <summary>Looks at every acknowledged job: none lost, none doubled, none written to by a stale lease; and at the counts.</summary>
    /// <param name="kills">How many processes were killed.</param>
    /// <param name="figures">More to print.</param>
    public async Task CheckAsync(int kills, string figures = "")
    {
        var histories = new List<JobHistory>();
        foreach (var submitted in _acknowledged)
            histories.Add(await ReadAsync(submitted));
        var faults = HistoryChecker.Check(histories);
        var counts = JsonNode.Parse(await api().GetStringAsync("jobs/counts"))!;
        foreach (var status in histories.GroupBy(h => h.Status ?? "lost"))
        {
            // Those in doubt, which were never acknowledged, are there as well when nobody asked again.
            if (counts[status.Key] is not { } counted || counted.GetValue<long>() < status.Count() || (AsksAgain && counted.GetValue<long>() != status.Count()))
                faults.Add($"counts disagree: {status.Count()} jobs are {status.Key}, and the store counts {counts.ToJsonString()}");
        }

        int lost = histories.Count(h => h.Status is null), doubled = faults.Count(f => f.StartsWith("doubled", StringComparison.Ordinal)), workerLost = histories.Count(h => h.Reason == "worker_lost");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{histories.Count} jobs, {histories.Sum(h => h.Attempts)} attempts, {kills} kills{figures}, {workerLost} ended as worker_lost, lost {lost}, doubled {doubled}, other faults {faults.Count - lost - doubled}"));
        Assert.True(faults.Count == 0, string.Join('\n', faults.Take(5)));
        Assert.True(workerLost > 0 || histories.Any(h => h.Attempts > 1), "No kill caught a job, so nothing was tried.");
    }

    private async Task<JobHistory> ReadAsync(Submitted submitted)
    {
        using var answer = await api().GetAsync("jobs/" + submitted.Id);
        string trace = Path.Combine(_traces, submitted.Tag);
        int? runs = submitted.Kind == "noop" ? null : File.Exists(trace) ? File.ReadAllLines(trace).Length : 0;
        if (!answer.IsSuccessStatusCode)
            return new(submitted.Id, submitted.Kind, null, "", 0, 0, true, runs, []);
        var job = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        var attempts = job["attempts"]!.AsArray();
        var numbers = attempts.Select(a => a!["number"]!.GetValue<int>());
        bool whole = numbers.SequenceEqual(Enumerable.Range(1, attempts.Count)) && attempts.All(a => a!["finished_at"] is not null);
        var log = JsonNode.Parse(await api().GetStringAsync($"jobs/{submitted.Id}/logs?limit=1000"))!["entries"]!.AsArray();
        return new(submitted.Id, submitted.Kind, job["status"]!.GetValue<string>(), job["reason"]?.GetValue<string>() ?? "", attempts.Count,
            attempts.Count(a => a!["outcome"]?.GetValue<string>() == "handed_back"), whole, runs,
            [.. log.Select(entry => entry!["attempt"]!.GetValue<int>())]);
    }

    private async Task SubmitAsync(Random random)
    {
        while (!_over)
        {
            string tag = "t" + Interlocked.Increment(ref _next).ToString(CultureInfo.InvariantCulture);
            string kind = random.Next(4) switch { 0 => "noop", 1 => "retry", _ => "fail" };
            var job = Job(kind, tag, random);
            while (!await SubmitAsync(job, kind, tag) && AsksAgain)
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);

            // About as fast as eight slots take them, so that queued, running and ending jobs are all there at each kill.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 80)), TimeProvider.System);
        }
    }

    private async Task<bool> SubmitAsync(JsonObject job, string kind, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "jobs") { Content = RunningDrover.Body(job) };
        if (AsksAgain)
            request.Headers.Add("Idempotency-Key", mark + tag);
        try
        {
            using var answer = await api().SendAsync(request);
            string text = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode)
                _acknowledged.Add(new(JsonNode.Parse(text)!["id"]!.GetValue<string>(), kind, tag));
            else if (!MayBeAway || (int)answer.StatusCode != 503)
                Assert.Fail($"{(int)answer.StatusCode} {text}");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            // Killed before the answer: the job may or may not be there, and nobody was told that it is.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            return false;
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
