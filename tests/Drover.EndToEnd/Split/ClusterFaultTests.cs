using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;
using Drover.StoreTests.NetQueue;

namespace Drover.EndToEnd.Split;

/// <summary>A process dies, or the network does, while jobs run.</summary>
public sealed class ClusterFaultTests
{
    /// <summary>Prints numbered lines until it may end.</summary>
    private const string Counting = "i=0; while [ ! -e {0} ]; do i=$((i+1)); echo $i; sleep 0.02; done; echo end";

    [Fact]
    public async Task Workers_go_on_while_the_queue_is_dead_and_deliver_all_when_it_is_back()
    {
        await using var cluster = await RunningCluster.StartAsync();
        using var api = cluster.Api();
        string gate = Path.Combine(cluster.Folder, "gate");
        string[] waiting = [.. await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.SubmitAsync("true", body => body["run_at"] = TimeProvider.System.GetUtcNow().AddSeconds(3).ToString("O"))))];
        string id = await api.SubmitAsync(Filled(gate));
        await api.PrintedAsync(id, "10\n");
        await cluster.Running["queue"].KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await File.WriteAllTextAsync(gate, "");
        cluster.StartQueue();

        var job = await api.EndOfAsync(id);
        Assert.True(job["status"]!.GetValue<string>() == "completed" && job["attempt"]!.GetValue<int>() == 1, $"{job}\n{cluster.Logs}");
        AssertWhole(await api.StdoutAsync(id));
        foreach (string scheduled in waiting)
            Assert.Equal("completed", (await api.EndOfAsync(scheduled))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Jobs_of_a_killed_worker_are_recovered_as_each_says()
    {
        await using var cluster = await RunningCluster.StartAsync("2s");
        using var api = cluster.Api();
        string gate = Path.Combine(cluster.Folder, "gate");
        string once = await api.SubmitAsync($"echo ran; while [ ! -e {gate} ]; do sleep 0.02; done");
        string again = await api.SubmitAsync($"echo ran; while [ ! -e {gate} ]; do sleep 0.02; done", body =>
        {
            body["on_worker_lost"] = "retry";
            body["max_attempts"] = 3;
            body["backoff"] = new JsonObject { ["delay"] = 0.1 };
        });
        await api.PrintedAsync(once, "ran");
        await api.PrintedAsync(again, "ran");
        await cluster.Running["w-1"].KillAsync();
        cluster.StartWorker("w-2");
        var lost = await api.EndOfAsync(once);
        Assert.Equal(("failed", "worker_lost"), (lost["status"]!.GetValue<string>(), lost["reason"]!.GetValue<string>()));
        await File.WriteAllTextAsync(gate, "");
        var recovered = await api.EndOfAsync(again);
        Assert.Equal(("completed", 2), (recovered["status"]!.GetValue<string>(), recovered["attempt"]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_cut_shorter_than_the_lease_leaves_no_gap_and_no_repeat()
    {
        await using var cluster = await RunningCluster.StartAsync();
        await using var proxy = new FaultyProxy(cluster.QueuePort);
        cluster.StartWorker("far", cluster.UrlAt(proxy.Port), options: ["--worker-labels", "far"]);
        await cluster.ReadyAsync("api-1", "far");
        using var api = cluster.Api();
        string gate = Path.Combine(cluster.Folder, "gate");
        string id = await api.SubmitAsync(Filled(gate), Far);
        for (int cut = 0; cut < 3; cut++)
        {
            string before = await api.StdoutAsync(id);
            await RunningDrover.WaitAsync(async () => (await api.StdoutAsync(id)).Length > before.Length, () => cluster.Logs);
            proxy.Refuses = true;
            proxy.CutAll();
            await Task.Delay(TimeSpan.FromMilliseconds(400), TimeProvider.System);
            proxy.Refuses = false;
        }

        await File.WriteAllTextAsync(gate, "");
        var job = await api.EndOfAsync(id);
        Assert.True(job["status"]!.GetValue<string>() == "completed" && job["attempt"]!.GetValue<int>() == 1, $"{job}\n{cluster.Logs}");
        AssertWhole(await api.StdoutAsync(id));
        Assert.True(proxy.Connections > 3, "Nothing was cut.");
    }

    [Fact]
    public async Task A_worker_that_was_cut_off_longer_than_its_lease_is_fenced()
    {
        await using var cluster = await RunningCluster.StartAsync("2s");
        await using var proxy = new FaultyProxy(cluster.QueuePort);
        cluster.StartWorker("far", cluster.UrlAt(proxy.Port), options: ["--worker-labels", "far"]);
        await cluster.ReadyAsync("api-1", "far");
        using var api = cluster.Api();
        string gate = Path.Combine(cluster.Folder, "gate"), mark = "mark" + Guid.NewGuid().ToString("N");
        string id = await api.SubmitAsync(Filled(gate), body =>
        {
            Far(body);
            body["env"] = new JsonObject { ["MARK"] = mark };
        });
        await api.PrintedAsync(id, "10\n");
        proxy.Refuses = true;
        proxy.CutAll();
        var lost = await api.EndOfAsync(id);
        Assert.Equal(("failed", "worker_lost"), (lost["status"]!.GetValue<string>(), lost["reason"]!.GetValue<string>()));
        string printed = await api.StdoutAsync(id);
        proxy.Refuses = false;

        // It learns that the lease is lost, stops the work, and is there for the next job.
        await ShellHost.NothingLeftAsync(mark);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal("completed", (await api.EndOfAsync(await api.SubmitAsync("true", Far)))["status"]!.GetValue<string>());
        Assert.Equal(("failed", printed), ((await api.GetAsync("jobs/" + id))["status"]!.GetValue<string>(), await api.StdoutAsync(id)));
    }

    private static void Far(JsonObject body) => body["worker_labels"] = new JsonArray("far");

    private static string Filled(string gate) => Counting.Replace("{0}", gate, StringComparison.Ordinal);

    /// <summary>Every number once and in order, then the end.</summary>
    private static void AssertWhole(string text)
    {
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.Equal([.. Enumerable.Range(1, lines.Length - 1).Select(n => $"{n}"), "end"], lines);
    }
}
