using System.Text.RegularExpressions;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Deploy;

/// <summary>The deployment of <c>compose.yaml</c>, without containers.</summary>
public sealed partial class ComposeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_services_of_the_compose_file_run_jobs_and_stop_when_asked()
    {
        await using var stack = new ComposeStack();
        await stack.PrepareAsync();
        output.WriteLine($"as user {Cage.User}: {stack.Cage.IsUser}; read-only file systems: {stack.Cage.IsReadOnly}");
        await stack.UpAsync();
        // The workers share this host's name, so one of them makes the check of both pass.
        await RunningDrover.WaitAsync(async () => (await stack.GetAsync("api/v1/workers"))["items"]!.AsArray().Count == 2, () => "There are not two workers.");

        string id = await stack.SubmitAsync($"id -u; touch {stack.Folder}/program/left 2>/dev/null || echo kept out; echo kept > \"$TMPDIR/kept\" && cat \"$TMPDIR/kept\"");
        await stack.BecomesAsync(id, "completed");
        string text = await stack.Http.GetStringAsync($"api/v1/jobs/{id}/stdout");
        if (stack.Cage.IsUser)
            Assert.Equal($"{Cage.User}\nkept out\nkept\n", text);
        else
            Assert.EndsWith("kept\n", text, StringComparison.Ordinal);

        Metrics(await stack.Http.GetStringAsync("metrics"));
        await StopAsync(stack);
    }

    [Fact]
    public async Task A_health_check_notices_what_is_away()
    {
        await using var stack = new ComposeStack();
        await stack.PrepareAsync();
        await stack.UpAsync();
        await stack.Running.Single(running => running.Service == "queue").Program.KillAsync();
        Ended? api = null;
        await RunningDrover.WaitAsync(async () => (api = await stack.CheckAsync("api")).Code == 1, () => $"The API does not miss its queue: {api}");
        Assert.Equal("failed\n", api!.Text);
        foreach (string service in new[] { "queue", "worker" })
        {
            var check = await stack.CheckAsync(service);
            Assert.True(check.Code == 69, check.ToString());
        }
    }

    /// <summary>Every figure that an autoscaler or an alert asks for is there, under the labels it asks for.</summary>
    private static void Metrics(string metrics)
    {
        string[] asked = [.. DeployFiles.Yaml().SelectMany(DeployFiles.Documents).SelectMany(document => document.All())
            .SelectMany(node => node.Pairs).Where(pair => pair.Key is "query" or "expr").SelectMany(pair => Figure().Matches(pair.Value.Text).Select(match => match.Value)).Distinct()];
        Assert.Contains("drover_jobs{status=\"queued\"}", asked);
        foreach (string figure in asked)
            Assert.Contains(metrics.Split('\n'), line => line.StartsWith(figure + " ", StringComparison.Ordinal));
        // What the plain autoscaler's adapter asks for stands in a comment.
        Assert.All(Figure().Matches(DeployFiles.Text("kubernetes/autoscale/hpa.yaml")).Select(match => match.Value).Where(figure => figure != "drover_jobs_in_hand"),
            figure => Assert.Contains(figure, asked));
    }

    /// <summary>Workers first, each with a job in hand that ends only after the signal; then the others.</summary>
    private static async Task StopAsync(ComposeStack stack)
    {
        string gate = Path.Combine(stack.Folder, "gate");
        string id = await stack.SubmitAsync($"echo begun; while [ ! -e {gate} ]; do sleep 0.05; done");
        // What it prints tells that it has begun: a lease that a worker has not begun with goes back to the queue when it drains.
        await RunningDrover.WaitAsync(async () => await stack.Http.GetStringAsync($"api/v1/jobs/{id}/stdout") == "begun\n", () => $"{id} does not begin.");
        var workers = stack.Running.Where(running => running.Service == "worker").ToList();
        foreach (var (_, worker) in workers)
            await worker.SignalAsync("TERM");
        await Until.TrueAsync(() => workers.Any(worker => worker.Program.Ended), "The worker without a job does not leave.");
        await File.WriteAllTextAsync(gate, "");
        await stack.BecomesAsync(id, "completed");
        foreach (var (service, program) in Enumerable.Reverse(stack.Running))
        {
            // A second signal to a worker would stop what it has in hand.
            if (service != "worker")
                await program.SignalAsync("TERM");
            var ended = await program.EndAsync();
            Assert.True(ended.Code == 0, $"{service}: {ended}");
            Assert.DoesNotContain(" fail: ", ended.ErrorText, StringComparison.Ordinal);
            Assert.DoesNotContain(" crit: ", ended.ErrorText, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex("drover_[a-z_]+(\\{[^}]*\\})?")]
    private static partial Regex Figure();
}
