namespace Drover.EndToEnd.Program;

/// <summary><c>drover top</c> on a terminal of its own.</summary>
public sealed class TopTests
{
    [Fact]
    public async Task It_shows_what_goes_on_asks_before_it_cancels_and_gives_the_terminal_back()
    {
        await using var drover = await RunningDrover.StartAsync();
        string id = await drover.SubmitAsync("sleep 300", body => body["name"] = "the-long-one");
        await drover.RunningAsync(id);
        await using var top = new RunningProgram(DroverProgram.StartOnTerminal(drover.Folder, "top", "--data", drover.Data));
        await top.PrintsAsync("the-long-one");
        Assert.StartsWith("\e[?1049h", top.Text[top.Text.IndexOf('\e', StringComparison.Ordinal)..], StringComparison.Ordinal);

        await PressAsync(top, "c");
        await top.PrintsAsync("y/");
        await PressAsync(top, "n");
        Assert.Equal("running", (await drover.GetAsync("jobs/" + id))["status"]!.GetValue<string>());
        await PressAsync(top, "c");
        await PressAsync(top, "y");
        Assert.Equal("canceled", (await drover.EndOfAsync(id))["status"]!.GetValue<string>());

        await PressAsync(top, "q");
        var ended = await top.EndAsync();
        Assert.Equal(0, ended.Code);
        Assert.EndsWith("\e[?1049l", ended.Text.TrimEnd(), StringComparison.Ordinal);
    }

    private static async Task PressAsync(RunningProgram top, string key)
    {
        await top.Process.StandardInput.WriteAsync(key);
        await top.Process.StandardInput.FlushAsync();
    }
}
