using System.Text;
using System.Text.Json;

namespace Drover.EndToEnd.Program;

/// <summary>Chains and batches whose Drover is killed while they run: each goes on where it was, in order, and nothing is enqueued twice.</summary>
public sealed class ChainKillTests(ITestOutputHelper output)
{
    private const int Chains = 12;
    private const int Length = 5;
    private const int Kills = 6;
    private const int BatchSize = 30;

    [Fact]
    public async Task Chains_and_batches_outlive_kills_and_keep_their_order()
    {
        await using var drover = await RunningDrover.StartAsync(
            "--worker-lease", "2s", "--worker-heartbeat-interval", "500ms", "--worker-concurrency", "4", "--log-level", "warn");
        string steps = Path.Combine(drover.Folder, "steps");
        string Step(int chain, int step) => $$$"""{"command": "sleep 0.05; echo {{{chain}}} {{{step}}} >> {{{steps}}}", "max_attempts": 100, "on_worker_lost": "retry", "backoff": {"delay": 0}}""";
        for (int chain = 0; chain < Chains; chain++)
        {
            string then = string.Join(", ", Enumerable.Range(1, Length - 1).Select(step => Step(chain, step)));
            await PostAsync(drover, "jobs", Step(chain, 0)[..^1] + $$""", "then": [{{then}}]}""");
        }

        string batch = (await PostAsync(drover, "batches",
            $$"""{"jobs": [{{string.Join(", ", Enumerable.Range(0, BatchSize).Select(n => Step(100, n)))}}], "completion": {{Step(200, 0)}}}""")).GetProperty("id").GetString()!;
        var random = new Random(5);
        for (int kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(300, 1200)), TimeProvider.System);
            await drover.Program.KillAsync();
            await drover.StartAgainAsync();
        }

        const int all = (Chains * Length) + BatchSize + 1;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        JsonElement counts;
        while ((counts = await GetAsync(drover, "jobs/counts")).GetProperty("completed").GetInt32() < all)
        {
            Assert.False(patience.IsCancellationRequested, counts.ToString());
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }

        Assert.Equal(all, counts.GetProperty("total").GetInt32());
        var lines = (await File.ReadAllLinesAsync(steps)).Select(line => Array.ConvertAll(line.Split(' '), int.Parse)).ToList();
        output.WriteLine($"{lines.Count} runs of {all} jobs");
        for (int chain = 0; chain < Chains; chain++)
        {
            // A step may have run twice, as it was allowed to, but none before the one before it.
            var ran = lines.Where(line => line[0] == chain).Select(line => line[1]).ToList();
            Assert.Equal(Enumerable.Range(0, Length), ran.Distinct());
            Assert.Equal(ran.Order(), ran);
        }

        Assert.Equal(BatchSize, lines.Where(line => line[0] == 100).Select(line => line[1]).Distinct().Count());
        int last = lines.FindIndex(line => line[0] == 200);
        Assert.True(last > lines.FindLastIndex(line => line[0] == 100), "The completion ran before its batch had ended.");
        Assert.Equal(BatchSize, (await GetAsync(drover, $"batches/{batch}")).GetProperty("counts").GetProperty("completed").GetInt32());
    }

    private static async Task<JsonElement> PostAsync(RunningDrover drover, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await drover.Http.PostAsync(new Uri("/api/v1/" + path, UriKind.Relative), content);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private static async Task<JsonElement> GetAsync(RunningDrover drover, string path) =>
        JsonElement.Parse(await drover.Http.GetStringAsync(new Uri("/api/v1/" + path, UriKind.Relative)));
}
