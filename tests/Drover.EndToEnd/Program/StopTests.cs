using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>SIGTERM: the first drains, the second ends at once.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task The_job_in_hand_finishes_while_new_ones_wait_for_the_next_start()
    {
        await using var drover = await RunningDrover.StartAsync("--worker-concurrency", "1");
        string gate = Path.Combine(drover.Folder, "gate");
        string running = await drover.SubmitAsync($"while [ ! -e {gate} ]; do sleep 0.05; done; echo done");
        await drover.RunningAsync(running);
        string waiting = await drover.SubmitAsync("echo later");
        await drover.Program.SignalAsync("TERM");
        // It answers while it drains, so that whoever watches sees how the job ends.
        await RunningDrover.WaitAsync(async () => (await drover.GetAsync("workers"))["items"]!.AsArray().All(w => w!["draining"]!.GetValue<bool>()), () => "It does not drain.");
        Assert.Equal("running", (await drover.GetAsync("jobs/" + running))["status"]!.GetValue<string>());
        Assert.Equal("queued", (await drover.GetAsync("jobs/" + waiting))["status"]!.GetValue<string>());
        await File.WriteAllTextAsync(gate, "");
        var ended = await drover.Program.EndAsync();
        Assert.True(ended.Code == 0, ended.ToString());
        Assert.False(File.Exists(Path.Combine(drover.Data, "address")));

        await drover.StartAgainAsync();
        var job = await drover.EndOfAsync(running);
        Assert.Equal("completed", job["status"]!.GetValue<string>());
        Assert.Single(job["attempts"]!.AsArray());
        Assert.Equal("done\n", await drover.Http.GetStringAsync($"jobs/{running}/stdout"));
        Assert.Equal("completed", (await drover.EndOfAsync(waiting))["status"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_second_signal_ends_the_job_in_hand_too(string signal)
    {
        await using var drover = await RunningDrover.StartAsync();
        string mark = "mark" + Guid.NewGuid().ToString("N");
        string id = await drover.SubmitAsync($"export MARK={mark}; sleep 304 & sleep 305; true");
        await drover.RunningAsync(id);
        await drover.Program.SignalAsync(signal);
        await RunningDrover.WaitAsync(async () => (await drover.GetAsync("workers"))["items"]!.AsArray().All(w => w!["draining"]!.GetValue<bool>()), () => "It does not drain.");
        await drover.Program.SignalAsync(signal);
        var ended = await drover.Program.EndAsync();
        Assert.True(ended.Code == 0, ended.ToString());
        await ShellHost.NothingLeftAsync(mark);
        await drover.StartAgainAsync();
        var job = await drover.EndOfAsync(id);
        Assert.Equal("canceled", job["status"]!.GetValue<string>());
        Assert.Equal("shutdown", job["reason"]!.GetValue<string>());
    }
}
