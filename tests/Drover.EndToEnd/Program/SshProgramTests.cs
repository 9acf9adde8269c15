using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;

namespace Drover.EndToEnd.Program;

/// <summary>Servers behind a real sshd, by way of the built program.</summary>
public sealed class SshProgramTests
{
    [Fact]
    public async Task A_server_is_added_tested_used_canceled_on_and_trusted_anew()
    {
        using var sshd = await Sshd.StartAsync();
        await using var drover = await RunningDrover.StartAsync();
        string key = Path.Combine(sshd.Folder, "client");
        await GoodAsync(drover, "key", "add", key, "--name", "deploy");
        await GoodAsync(drover, "server", "add", "web-1", "--host", "127.0.0.1", "--port", $"{sshd.Port}", "--user", "root", "--key-name", "deploy", "--tag", "web");
        await GoodAsync(drover, "server", "add", "web-2", "--host", "127.0.0.1", "--port", $"{sshd.Port}", "--user", "root", "--key", key, "--tag", "web");
        await GoodAsync(drover, "server", "test", "web-1");
        Assert.Equal("web-1", (await drover.JsonAsync("key", "list"))["items"]![0]!["used_by"]![0]!.GetValue<string>());

        var ran = await drover.CliAsync("run", "--on", "web-1", "--", "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (ran.Code, ran.Text, ran.ErrorText));

        var both = await drover.CliAsync("run", "--tag", "web", "--", "echo here; echo there >&2");
        Assert.True(both.Code == 0, both.ToString());
        Assert.Equal(["web-1 | here", "web-2 | here"], both.Text.TrimEnd('\n').Split('\n').Order());
        Assert.Contains("web-1 | there\n", both.ErrorText, StringComparison.Ordinal);
        Assert.Contains("All 2 completed.", both.ErrorText, StringComparison.Ordinal);

        string mark = "mark" + Guid.NewGuid().ToString("N");
        await using (var run = drover.Follow("run", "--on", "web-1", "--env", $"MARK={mark}", "--", "sleep 307 & echo started; sleep 308"))
        {
            await run.PrintsAsync("started");
            await run.SignalAsync("INT");
            Assert.Equal(130, (await run.EndAsync()).Code);
        }

        await ShellHost.NothingLeftAsync(mark);

        sshd.Kill();
        await sshd.NewHostKeyAsync();
        await sshd.RestartAsync();
        var refused = await drover.CliAsync("run", "--on", "web-1", "--", "echo no");
        Assert.True(refused.Code == 1 && refused.Text.Length == 0, refused.ToString());
        Assert.Contains("host key", refused.ErrorText, StringComparison.OrdinalIgnoreCase);
        await GoodAsync(drover, "server", "trust", "web-1", "--yes");
        Assert.Equal("yes\n", (await drover.CliAsync("run", "--on", "web-1", "--", "echo yes")).Text);
    }

    private static async Task GoodAsync(RunningDrover drover, params string[] args)
    {
        var ended = await drover.CliAsync(args);
        Assert.True(ended.Code == 0, ended.ToString());
    }
}
