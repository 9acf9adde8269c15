using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;
using Drover.Jobs;
using Drover.NetQueue;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.EndToEnd.Split;

/// <summary>What one process can do, several can do, too.</summary>
public sealed class ClusterJobTests
{
    [Fact]
    public async Task Jobs_run_print_fail_and_are_canceled_across_processes()
    {
        await using var cluster = await RunningCluster.StartAsync();
        cluster.StartApi("api-2");
        await cluster.ReadyAsync("api-2", "w-1");
        using var api = cluster.Api();
        using var other = cluster.Api("api-2");

        var ran = await cluster.CliAsync("api-1", "run", "--", "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (ran.Code, ran.Text, ran.ErrorText));
        var script = await other.PostAsync("jobs", new JsonObject { ["script"] = "#!/bin/sh\necho \"got $1\"; cat", ["args"] = new JsonArray("one two"), ["stdin"] = "in", ["server_id"] = "local" });
        Assert.Equal(0, (await api.EndOfAsync(script["id"]!.GetValue<string>()))["exit_code"]!.GetValue<int>());
        Assert.Equal("got one two\nin", await api.StdoutAsync(script["id"]!.GetValue<string>()));

        // Live: what the second line needs comes only when the first has been seen, on the other API.
        string gate = Path.Combine(cluster.Folder, "gate"), mark = "mark" + Guid.NewGuid().ToString("N");
        string live = await api.SubmitAsync($"echo first; while [ ! -e {gate} ]; do sleep 0.02; done; echo second; sleep 300", body => body["env"] = new JsonObject { ["MARK"] = mark });
        using var log = await other.Http.GetStreamAsync($"jobs/{live}/logs?follow=true");
        using var lines = new StreamReader(log);
        await UntilLineAsync(lines, "first");
        await File.WriteAllTextAsync(gate, "");
        await UntilLineAsync(lines, "second");
        await other.PostAsync($"jobs/{live}/cancel", new JsonObject());
        Assert.Equal("canceled", (await api.EndOfAsync(live))["status"]!.GetValue<string>());
        await ShellHost.NothingLeftAsync(mark);
    }

    [Fact]
    public async Task The_token_of_a_program_submits_and_runs_its_tasks_and_administers_nothing()
    {
        await using var cluster = await RunningCluster.StartAsync();
        await using var program = new NetQueueBroker(NetQueueClientOptions.Parse(cluster.QueueUrl, RunningCluster.ProgramToken), TimeProvider.System, NullLoggerFactory.Instance);
        await using var session = await program.ConnectAsync(new()
        {
            Id = "shop",
            InstanceId = Guid.NewGuid(),
            Host = "here",
            ProcessId = 1,
            Version = "1",
            Slots = 1,
            Queues = [new("default")],
            Capabilities = new(false, new HashSet<string> { "greet" }, new HashSet<string>()),
        });
        var accepted = await program.EnqueueAsync(new(new JobSpec { Kind = JobKind.Task, Task = new() { JobType = "greet", Payload = "{}"u8.ToArray() } }));
        var lease = Assert.Single(await session.LeaseAsync(1, TestContext.Current.CancellationToken));
        Assert.Equal(accepted.Jobs[0].Id, lease.Token.JobId);
        await session.FinishAsync([new(lease.Token, new() { Kind = OutcomeKind.Completed })]);
        using var api = cluster.Api();
        Assert.Equal("completed", (await api.EndOfAsync(lease.Token.JobId.ToString()))["status"]!.GetValue<string>());

        var refused = await Assert.ThrowsAsync<NetQueueException>(async () => await program.SetPausedAsync("default", paused: true));
        Assert.True(refused.Denied);
    }

    [Fact]
    public async Task Two_APIs_tell_each_others_events()
    {
        await using var cluster = await RunningCluster.StartAsync();
        cluster.StartApi("api-2");
        await cluster.ReadyAsync("api-2", "w-1");
        using var api = cluster.Api();
        using var other = cluster.Api("api-2");
        using var one = new StreamReader(await api.Http.GetStreamAsync("events?topic=jobs"));
        using var two = new StreamReader(await other.Http.GetStreamAsync("events?topic=jobs"));
        var ids = new List<string>();
        for (int job = 0; job < 6; job++)
            ids.Add(await (job % 2 == 0 ? api : other).SubmitAsync($"echo {job}"));
        await EndsAsync(one, ids);
        await EndsAsync(two, ids);
    }

    [Fact]
    public async Task An_SSH_job_runs_from_a_worker_that_knows_no_server()
    {
        using var sshd = await Sshd.StartAsync();
        await using var cluster = await RunningCluster.StartAsync();
        var added = await cluster.CliAsync("api-1", "server", "add", "web", "--host", "127.0.0.1", "--port", $"{sshd.Port}", "--user", "root", "--key", Path.Combine(sshd.Folder, "client"));
        Assert.True(added.Code == 0, added.ToString());
        var ran = await cluster.CliAsync("api-1", "run", "--on", "web", "--", "echo \"from ${SSH_CONNECTION%% *}\"; exit 3");
        Assert.True((ran.Code, ran.Text) == (3, "from 127.0.0.1\n"), ran.ToString());

        // The credential was in the lease alone: nothing of it is kept by the worker or the API.
        string secret = (await File.ReadAllLinesAsync(Path.Combine(sshd.Folder, "client")))[2];
        foreach (string file in new[] { "w-1", "api-1" }.Select(name => Path.Combine(cluster.Folder, name)).Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)))
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, cluster.Logs, StringComparison.Ordinal);
        // The key of the host that it saw first is pinned with the queue server, for every worker.
        using var api = cluster.Api();
        // One server is read from the catalog itself; the list may be two seconds old.
        var server = await api.GetAsync("servers/web");
        Assert.StartsWith("SHA256:", server["host_key_fingerprint"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_choose_the_worker_and_a_drained_one_finishes_and_leaves()
    {
        await using var cluster = await RunningCluster.StartAsync();
        cluster.StartWorker("w-gpu", options: ["--worker-labels", "gpu"]);
        await cluster.ReadyAsync("api-1", "w-1", "w-gpu");
        using var api = cluster.Api();
        string gate = Path.Combine(cluster.Folder, "gate");
        string id = await api.SubmitAsync($"while [ ! -e {gate} ]; do sleep 0.02; done", body => body["worker_labels"] = new JsonArray("gpu"));
        await RunningDrover.WaitAsync(async () => (await api.GetAsync("jobs/" + id))["status"]!.GetValue<string>() == "running", () => cluster.Logs);

        using (var pages = cluster.Pages(RunningCluster.AdminToken))
        {
            var worker = JsonNode.Parse(await pages.GetStringAsync("workers"))!["items"]!.AsArray().Single(item => item!["id"]!.GetValue<string>() == RunningCluster.IdOf("w-gpu"))!;
            Assert.Equal((Environment.MachineName, 8, "gpu", id), (worker["host"]!.GetValue<string>(), worker["slots"]!.GetValue<int>(), worker["labels"]![0]!.GetValue<string>(), worker["jobs"]![0]!.GetValue<string>()));
            Assert.NotEmpty(worker["version"]!.GetValue<string>());
            foreach (string page in new[] { "health", "stats", "workers/stats" })
                Assert.NotNull(JsonNode.Parse(await pages.GetStringAsync(page)));
            using var monitor = new StreamReader(await pages.GetStreamAsync("monitor"));
            Assert.NotNull(JsonNode.Parse((await monitor.ReadLineAsync())!));
        }

        var drained = await cluster.CliAsync("api-1", "worker", "drain", RunningCluster.IdOf("w-gpu"), "--yes");
        Assert.True(drained.Code == 0, drained.ToString());
        await cluster.Running["w-1"].SignalAsync("TERM");
        Assert.Equal(0, (await cluster.Running["w-1"].EndAsync()).Code);
        Assert.False(cluster.Running["w-gpu"].Ended);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal("completed", (await api.EndOfAsync(id))["status"]!.GetValue<string>());
        Assert.Equal(0, (await cluster.Running["w-gpu"].EndAsync()).Code);
        await RunningDrover.WaitAsync(async () => (await api.GetAsync("workers"))["items"]!.AsArray().Count == 0, () => cluster.Logs);
    }

    private static async Task UntilLineAsync(StreamReader lines, string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (await lines.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                return;
        }

        Assert.Fail($"The output ended without '{text}'.");
    }

    /// <summary>Reads on until every one of these jobs was told to have completed.</summary>
    private static async Task EndsAsync(StreamReader events, IEnumerable<string> ids)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var missing = ids.ToHashSet();
        while (missing.Count > 0 && await events.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal) && line.Contains("\"completed\"", StringComparison.Ordinal))
                missing.RemoveWhere(id => line.Contains(id, StringComparison.Ordinal));
        }

        Assert.Empty(missing);
    }
}
