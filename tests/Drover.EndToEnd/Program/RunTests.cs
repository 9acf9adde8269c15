using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary><c>drover run</c>, <c>script</c> and <c>job wait</c> as a shell sees them: exit codes, streams, arguments, signals.</summary>
public sealed class RunTests(DroverFixture fixture) : IClassFixture<DroverFixture>
{
    private readonly RunningDrover _drover = fixture.Drover;

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("/no/such/program", 127)]
    public async Task Run_exits_as_its_job_does(string command, int code)
    {
        var ended = await _drover.CliAsync("run", "--", command);
        Assert.True(ended.Code == code, ended.ToString());
    }

    [Fact]
    public async Task A_job_beyond_its_timeout_exits_with_124_and_says_so()
    {
        var ended = await _drover.CliAsync("run", "--timeout", "1s", "--", "echo before; sleep 300");
        Assert.True(ended.Code == 124, ended.ToString());
        Assert.Equal("before\n", ended.Text);
        Assert.Contains("drover: ", ended.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stdout_and_stderr_stay_apart_and_exact()
    {
        var ended = await _drover.CliAsync("run", "--", @"printf '\000\001\377out\r\n\303'; printf 'err\377\n\n' >&2");
        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Equal([0, 1, 255, .. "out\r\n"u8, 0xC3], ended.Out);
        Assert.Equal([.. "err"u8, 255, .. "\n\n"u8], ended.Error);
    }

    [Fact]
    public async Task A_megabyte_of_random_bytes_comes_through_unchanged()
    {
        byte[] bytes = new byte[1 << 20];
        new Random(1).NextBytes(bytes);
        string file = Path.Combine(_drover.Folder, "random");
        await File.WriteAllBytesAsync(file, bytes);
        var ended = await _drover.CliAsync("run", "--", "cat", file);
        Assert.Equal(0, ended.Code);
        Assert.True(bytes.AsSpan().SequenceEqual(ended.Out), $"{ended.Out.Length} bytes came back, or others.");
        Assert.Empty(ended.Error);
    }

    [Fact]
    public async Task Each_argument_reaches_the_program_unchanged()
    {
        string[] words = ["plain", "two words", "'single'", "\"double\"", "$HOME `id` $(id)", "*", "a\nb", "", "--json", "-p", "\\", "ü→", "!x", "~", "a;b&c|d>e"];
        var ended = await _drover.CliAsync(["run", "--", "printf", "%s\\0", .. words]);
        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Equal(words, ended.Text.TrimEnd('\0').Split('\0'));
    }

    [Fact]
    public async Task A_script_runs_from_a_file_and_from_standard_input()
    {
        string script = "#!/bin/bash\nprintf '%s|' \"$@\"\nexit 4\n";
        string file = Path.Combine(_drover.Folder, "try it.sh");
        await File.WriteAllTextAsync(file, script);
        foreach (var ended in new[] { await _drover.CliAsync("script", file, "--", "a b", "*"), await _drover.CliWithAsync(script, "script", "-", "--", "a b", "*") })
        {
            Assert.True(ended.Code == 4, ended.ToString());
            Assert.Equal("a b|*|", ended.Text);
        }
    }

    [Fact]
    public async Task Standard_input_reaches_the_job_when_asked_for()
    {
        var ended = await _drover.CliWithAsync("one\ntwo\n", "run", "--stdin", "--", "wc -l");
        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Equal("2", ended.Text.Trim());
    }

    [Fact]
    public async Task Ctrl_C_cancels_the_job_and_its_whole_tree()
    {
        string mark = "mark" + Guid.NewGuid().ToString("N");
        await using var run = _drover.Follow("run", "--env", $"MARK={mark}", "--", "sleep 302 & (trap '' TERM INT; sleep 303) & echo started; wait");
        await run.PrintsAsync("started");
        Assert.NotEmpty(ShellHost.Marked(mark));
        await run.SignalAsync("INT");
        var ended = await run.EndAsync();
        Assert.True(ended.Code == 130, ended.ToString());
        Assert.Equal("started\n", ended.Text);
        await ShellHost.NothingLeftAsync(mark);
    }

    [Fact]
    public async Task Without_a_terminal_a_job_that_does_not_start_says_once_why()
    {
        await using var run = _drover.Follow("run", "--queue", "nobody-serves-it", "--", "true");
        await Until.TrueAsync(() => run.ErrorText.Contains("no worker serves the queue nobody-serves-it", StringComparison.Ordinal) || run.Ended, () => run.ErrorText);
        var queues = await _drover.CliAsync("queue", "list");
        Assert.Matches("nobody-serves-it +no worker", queues.Text);
        await run.SignalAsync("TERM");
        var ended = await run.EndAsync();
        Assert.True(ended.Code == 130, ended.ToString());
        Assert.Equal(1, ended.ErrorText.Split("Still waiting").Length - 1);
    }

    [Fact]
    public async Task A_detached_job_is_waited_for_later()
    {
        var begun = await _drover.CliAsync("run", "--detach", "--", "exit 5");
        Assert.True(begun.Code == 0, begun.ToString());
        var id = Guid.Parse(begun.Text);
        Assert.Empty(begun.ErrorText);
        var waited = await _drover.CliAsync("job", "wait", id.ToString());
        Assert.True(waited.Code == 5, waited.ToString());
    }

    [Fact]
    public async Task Waiting_exits_with_130_for_a_canceled_job_and_124_for_one_that_timed_out()
    {
        string canceled = (await _drover.CliAsync("run", "--detach", "--", "sleep 300")).Text.Trim();
        await _drover.RunningAsync(canceled);
        Assert.Equal(0, (await _drover.CliAsync("job", "cancel", canceled)).Code);
        Assert.Equal(130, (await _drover.CliAsync("job", "wait", canceled)).Code);
        string late = (await _drover.CliAsync("run", "--detach", "--timeout", "1s", "--", "sleep 300")).Text.Trim();
        Assert.Equal(124, (await _drover.CliAsync("job", "wait", late)).Code);
    }

    [Fact]
    public async Task A_reader_that_leaves_early_is_no_error()
    {
        string line = $"{DroverProgram.File} run --data {_drover.Data} -- 'seq 1 200000' | head -1";
        var (code, output) = await ShellHost.ToolAsync("bash", "-c", line);
        Assert.Equal((0, "1\n"), (code, output));
        (code, output) = await ShellHost.ToolAsync("bash", "-c", $"{DroverProgram.File} job list --limit 500 --json --data {_drover.Data} | head -1");
        Assert.Equal((0, "{\n"), (code, output));
    }

    [Fact]
    public async Task Output_comes_while_the_job_runs()
    {
        string gate = Path.Combine(_drover.Folder, "gate");
        await using var run = _drover.Follow("run", "--", $"echo first; while [ ! -e {gate} ]; do sleep 0.05; done; echo second");
        await run.PrintsAsync("first\n");
        Assert.False(run.Ended);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal("first\nsecond\n", (await run.EndAsync()).Text);
    }
}
