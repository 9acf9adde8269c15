using System.Globalization;
using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Shared;

/// <summary>Several nodes, each API, queue server and worker in one, on one store.</summary>
public abstract class SharedStoreTests(ITestOutputHelper output)
{
    /// <summary>Starts a server of its own for the test.</summary>
    /// <param name="parent">Where it keeps its files; null for the usual place.</param>
    protected abstract Task<StoreServer> StartServerAsync(string? parent);

    [Fact]
    public async Task Nodes_run_show_and_cancel_each_others_jobs()
    {
        await using var server = await StartServerAsync(null);
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
        await using var server = await StartServerAsync(null);
        await using var one = await StartAsync(server.Url);
        await using var two = await StartAsync(server.Url, one, "--queue-name", "elsewhere");
        string lost = await one.SubmitAsync("sleep 300", body => body["on_worker_lost"] = "fail");
        await one.RunningAsync(lost);
        string later = await two.SubmitAsync("echo later", body => (body["queue"], body["delay"]) = ("elsewhere", 5));
        await one.Program.KillAsync();
        Assert.Equal("worker_lost", (await two.EndOfAsync(lost))["reason"]!.GetValue<string>());
        Assert.Equal("completed", (await two.EndOfAsync(later))["status"]!.GetValue<string>());
    }

    /// <summary>Each fault once; DROVER_FAULT_MINUTES (<c>./dev test --faults</c>) goes on for so long.</summary>
    [Fact]
    public async Task Whatever_fails_under_load_nothing_is_lost_and_nothing_doubled()
    {
        double minutes = double.TryParse(Environment.GetEnvironmentVariable("DROVER_FAULT_MINUTES"), CultureInfo.InvariantCulture, out double given) ? given : 0;
        string disk = Directory.CreateTempSubdirectory("drover-disk-").FullName;
        // Without root the store is on the usual disk, which is not filled.
        bool mounted = Environment.UserName == "root" && (await ShellHost.ToolAsync("mount", "-t", "tmpfs", "-o", "size=700m,mode=755", "tmpfs", disk)).Code == 0;
        try
        {
            await using var server = await StartServerAsync(mounted ? disk : null);
            await using var game = new FaultGame(server, mounted ? disk : null, output);
            await game.PlayAsync(TimeSpan.FromMinutes(minutes));
        }
        finally
        {
            if (mounted)
                await ShellHost.ToolAsync("umount", "-l", disk);
            Directory.Delete(disk, recursive: true);
        }
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
