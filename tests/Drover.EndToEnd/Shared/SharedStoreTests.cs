using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;
using Drover.StoreTests.NetQueue;

namespace Drover.EndToEnd.Shared;

/// <summary>Several nodes, each API, queue server and worker in one, on one store.</summary>
public abstract class SharedStoreTests(ITestOutputHelper output)
{
    private const int Kills = 10;

    /// <summary>Starts a server of its own for the test.</summary>
    protected abstract Task<StoreServer> StartServerAsync();

    [Fact]
    public async Task Nodes_run_show_and_cancel_each_others_jobs()
    {
        await using var server = await StartServerAsync();
        await using var one = await StartAsync(server.Url);
        // The second has no worker for this queue: what is submitted there runs at the first.
        await using var two = await StartAsync(server.Url, one, "--queue-name", "elsewhere");

        string gate = Path.Combine(one.Folder, "gate"), mark = "mark" + Guid.NewGuid().ToString("N");
        string live = await two.SubmitAsync($"echo first; while [ ! -e {gate} ]; do sleep 0.02; done; echo second; sleep 300", body => body["env"] = new JsonObject { ["MARK"] = mark });
        using var lines = new StreamReader(await two.Http.GetStreamAsync($"jobs/{live}/logs?follow=true"));
        await UntilAsync(lines, "first");
        await File.WriteAllTextAsync(gate, "");
        await UntilAsync(lines, "second");
        await two.PostAsync($"jobs/{live}/cancel", new JsonObject());
        Assert.Equal("canceled", (await one.EndOfAsync(live))["status"]!.GetValue<string>());
        await ShellHost.NothingLeftAsync(mark);

        await one.PostAsync("servers", new JsonObject { ["name"] = "web-1", ["hostname"] = "127.0.0.1", ["user"] = "x", ["auth_type"] = "password", ["password"] = "p" });
        Assert.Contains((await two.GetAsync("servers"))["items"]!.AsArray(), item => item!["name"]!.GetValue<string>() == "web-1");
    }

    [Fact]
    public async Task When_the_node_that_leads_is_killed_the_other_does_its_duties_and_ends_what_it_ran()
    {
        await using var server = await StartServerAsync();
        await using var one = await StartAsync(server.Url);
        await using var two = await StartAsync(server.Url, one, "--queue-name", "elsewhere");
        string lost = await one.SubmitAsync("sleep 300", body => body["on_worker_lost"] = "fail");
        await one.RunningAsync(lost);
        string later = await two.SubmitAsync("echo later", body => (body["queue"], body["delay"]) = ("elsewhere", 5));
        await one.Program.KillAsync();
        Assert.Equal("worker_lost", (await two.EndOfAsync(lost))["reason"]!.GetValue<string>());
        Assert.Equal("completed", (await two.EndOfAsync(later))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Killed_and_cut_off_under_load_they_lose_nothing_and_double_nothing()
    {
        int seed = KillGame.Seed(output);
        var random = new Random(seed);
        string mark = "mark" + Guid.NewGuid().ToString("N");
        await using var server = await StartServerAsync();
        await using var proxy = new FaultyProxy(server.Port);
        await using var one = await StartAsync(server.Url, null, "--worker-concurrency", "8");
        await using var two = await StartAsync(server.Through(proxy.Port), one, "--worker-concurrency", "8");
        RunningDrover[] nodes = [one, two];
        int turn = 0;
        var game = new KillGame(output, one.Folder, mark, () => nodes[Interlocked.Increment(ref turn) & 1].Http) { MayBeAway = true };
        game.Begin(submitters: 3, seed);
        int cuts = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            int before = game.Acknowledged;
            await RunningDrover.WaitAsync(() => Task.FromResult(game.Acknowledged > before + 12), () => $"Nothing is accepted any more.\n{one.Log}\n{two.Log}");
            if (random.Next(2) == 0)
            {
                cuts++;
                proxy.CutAll();
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500)), TimeProvider.System);
            }

            var node = nodes[random.Next(2)];
            await node.Program.KillAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500)), TimeProvider.System);
            await node.StartAgainAsync();
        }

        await game.EndAsync(() => $"{one.Log}\n{two.Log}");
        output.WriteLine($"{cuts} cuts");
        await game.CheckAsync(Kills);
        await ShellHost.NothingLeftAsync(mark);
    }

    private static async Task<RunningDrover> StartAsync(string url, RunningDrover? first = null, params string[] more)
    {
        string folder = Path.Combine(Path.GetTempPath(), "drover-shared-" + Guid.NewGuid().ToString("N"));
        if (first is not null)
        {
            Directory.CreateDirectory(Path.Combine(folder, "data"));
            File.Copy(Path.Combine(first.Data, "key-ring"), Path.Combine(folder, "data", "key-ring"));
        }

        string[] queues = more.Contains("--queue-name") ? [] : ["--queue-name", "*"];
        return await RunningDrover.StartInAsync(folder, ownsFolder: true,
            ["--database-url", url, "--worker-lease", "2s", "--worker-heartbeat-interval", "500ms", "--netqueue-addr", "off", "--log-level", "warn", .. queues, .. more]);
    }

    private static async Task UntilAsync(StreamReader lines, string text)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (await lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                return;
        }

        Assert.Fail($"The log ends without '{text}'.");
    }
}
