using System.Security.Cryptography;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;

namespace Drover.EndToEnd.Split;

/// <summary>Processes find each other in whatever order they are started, and say what keeps them apart.</summary>
public sealed class ClusterStartTests
{
    [Theory]
    [InlineData("w-1", "api-1", "queue")]
    [InlineData("api-1", "w-1", "queue")]
    public async Task They_come_up_in_any_order(params string[] order)
    {
        await using var cluster = new RunningCluster();
        foreach (string name in order)
        {
            var program = name switch { "queue" => cluster.StartQueue(), "api-1" => cluster.StartApi(name), _ => cluster.StartWorker(name) };
            if (name != "queue")
                await Until.TrueAsync(() => program.ErrorText.Contains($"Waiting for the queue server at netqueue://127.0.0.1:{cluster.QueuePort}", StringComparison.Ordinal), () => cluster.Logs);
        }

        await cluster.ReadyAsync("api-1", "w-1");
        using var api = cluster.Api();
        Assert.Equal("completed", (await api.EndOfAsync(await api.SubmitAsync("true")))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Whoever_may_not_come_in_says_why_in_one_line_and_ends()
    {
        await using var cluster = new RunningCluster();
        cluster.StartQueue();
        cluster.StartApi("api-1");
        await cluster.ReadyAsync("api-1");

        string wrongPin = $"netqueue://127.0.0.1:{cluster.QueuePort}?fingerprint={new string('a', 64)}";
        string unpinned = $"netqueue://127.0.0.1:{cluster.QueuePort}?tls=on";
        (string What, RunningProgram Program, string Says)[] refused =
        [
            ("wrong token", cluster.StartWorker("token", token: "some-other-token-altogether"), "The token is missing or not known here."),
            ("wrong role of a worker", cluster.StartWorker("role", token: RunningCluster.ProducerToken), "worker"),
            ("wrong role of an API", cluster.StartApi("api-role", token: RunningCluster.WorkerToken), "admin"),
            ("wrong pin", cluster.StartWorker("pin", wrongPin), $"shows a certificate with the fingerprint {cluster.Fingerprint.ToLowerInvariant()}, and {new string('a', 64)} is expected."),
            ("no pin", cluster.StartWorker("unpinned", unpinned), $"pin it with ?fingerprint={cluster.Fingerprint.ToLowerInvariant()}"),
            ("another key ring", cluster.StartApi("api-key", masterKey: Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))), "key"),
        ];
        foreach (var (what, program, says) in refused)
        {
            var ended = await program.EndAsync();
            string last = ended.ErrorText.TrimEnd('\n').Split('\n')[^1];
            Assert.True(ended.Code != 0 && last.Contains(says, StringComparison.OrdinalIgnoreCase), $"{what}: {ended}");
            Assert.DoesNotContain("   at ", ended.ErrorText, StringComparison.Ordinal);
            Assert.DoesNotContain("-token-", ended.ErrorText, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_speaks_TLS_to_something_else_keeps_trying_and_says_so_once()
    {
        await using var cluster = new RunningCluster();
        // An API's port speaks plain HTTP: no queue server there, and perhaps one later.
        cluster.StartQueue();
        var api = cluster.StartApi("api-1");
        await cluster.ReadyAsync("api-1");
        int notQueue = Sshd.FreePort();
        var worker = cluster.StartWorker("lost", cluster.UrlAt(notQueue));
        await Until.TrueAsync(() => worker.ErrorText.Contains("Waiting for the queue server", StringComparison.Ordinal), () => worker.ErrorText);
        await worker.SignalAsync("TERM");
        Assert.Equal(0, (await worker.EndAsync()).Code);
        Assert.False(api.Ended);
    }
}
