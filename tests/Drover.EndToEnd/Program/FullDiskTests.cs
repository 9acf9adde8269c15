using System.Text.Json.Nodes;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>The data folder's disk is full: a small disk of its own, really filled.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_loses_nothing_acknowledged_and_is_recovered_from()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Mounting a small disk needs root.");
        string folder = Directory.CreateTempSubdirectory("drover-disk-").FullName;
        var (mounted, why) = await ShellHost.ToolAsync("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder);
        Assert.SkipUnless(mounted == 0, "A small disk cannot be mounted here: " + why);
        try
        {
            await FillAndRecoverAsync(folder);
        }
        finally
        {
            await ShellHost.ToolAsync("umount", "-l", folder);
            Directory.Delete(folder);
        }
    }

    private static async Task FillAndRecoverAsync(string folder)
    {
        await using var drover = await RunningDrover.StartInAsync(folder, ownsFolder: false);
        var acknowledged = new List<string> { await drover.SubmitAsync("echo before") };
        await ShellHost.ToolAsync("dd", "if=/dev/zero", "of=" + Path.Combine(folder, "filler"), "bs=64k");

        int refused = 0;
        for (int i = 0; i < 2000 && refused < 20; i++)
        {
            using var body = RunningDrover.Body(new JsonObject { ["command"] = "true", ["server_id"] = "local", ["env"] = new JsonObject { ["PAD"] = new string('x', 4000) } });
            using var answer = await drover.Http.PostAsync("jobs", body);
            string text = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode)
                acknowledged.Add(JsonNode.Parse(text)!["id"]!.GetValue<string>());
            else
            {
                refused++;
                Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            }
        }

        Assert.True(refused > 0, "The disk never was full.");
        Assert.False(drover.Program.Ended, drover.Log);
        File.Delete(Path.Combine(folder, "filler"));
        await RunningDrover.WaitAsync(async () => (await drover.CliAsync("run", "--", "echo again")).Text == "again\n", () => "It does not recover:\n" + drover.Log);
        await CheckAsync(drover, acknowledged);
        await drover.Program.KillAsync();
        await drover.StartAgainAsync();
        await CheckAsync(drover, acknowledged);
    }

    private static async Task CheckAsync(RunningDrover drover, List<string> acknowledged)
    {
        foreach (string id in acknowledged)
            Assert.Contains((await drover.EndOfAsync(id))["status"]!.GetValue<string>(), new[] { "completed", "failed" });
    }
}
