using System.Text.Json.Nodes;
using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;

namespace Drover.EndToEnd.Program;

/// <summary>What the program says to wrong calls, and what machines read of it.</summary>
public sealed class UsageTests(DroverFixture fixture) : IClassFixture<DroverFixture>
{
    private readonly RunningDrover _drover = fixture.Drover;

    [Fact]
    public async Task Nothing_that_listens_exits_with_69_and_one_line()
    {
        var ended = await DroverProgram.RunAsync(_drover.Folder, ["run", "--url", $"http://127.0.0.1:{Sshd.FreePort()}", "--", "true"]);
        Assert.True(ended.Code == 69, ended.ToString());
        Assert.Empty(ended.Text);
        Assert.StartsWith("drover: Cannot reach Drover at http://127.0.0.1:", ended.ErrorText, StringComparison.Ordinal);
        OneLine(ended);
    }

    [Fact]
    public async Task A_locked_key_gets_its_passphrase_from_the_environment_or_is_refused_with_where_to_give_it()
    {
        string key = Path.Combine(_drover.Folder, "locked-key");
        var (made, said) = await ShellHost.ToolAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "opens-it", "-f", key);
        Assert.True(made == 0, said);
        string[] add = ["server", "add", "locked", "--host", "127.0.0.1", "--user", "root", "--key", key];
        var refused = await _drover.CliAsync(add);
        Assert.True(refused.Code == 2, refused.ToString());
        Assert.Contains("DROVER_PASSPHRASE", refused.ErrorText, StringComparison.Ordinal);
        OneLine(refused);

        var start = DroverProgram.Start(_drover.Folder, [.. add, "--data", _drover.Data]);
        start.Environment["DROVER_PASSPHRASE"] = "opens-it";
        await using var given = new RunningProgram(start);
        given.Process.StandardInput.Close();
        var ended = await given.EndAsync();
        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Contains("Added locked.", ended.Text, StringComparison.Ordinal);

        // The other tests of this class look at the same Drover.
        var removed = await _drover.CliAsync("server", "rm", "locked", "--yes");
        Assert.True(removed.Code == 0, removed.ToString());
    }

    [Fact]
    public async Task On_a_terminal_a_locked_key_asks_for_its_passphrase_and_does_not_show_it()
    {
        string key = Path.Combine(_drover.Folder, "asking-key");
        var (made, said) = await ShellHost.ToolAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "opens-it", "-f", key);
        Assert.True(made == 0, said);
        var wrong = await AddAsync("opens-nothing");
        Assert.True(wrong.Code == 2, wrong.ToString());
        Assert.Contains("passphrase is wrong", wrong.Text, StringComparison.Ordinal);
        var right = await AddAsync("opens-it");
        Assert.True(right.Code == 0, right.ToString());
        Assert.Contains("Added asking.", right.Text, StringComparison.Ordinal);
        var removed = await _drover.CliAsync("server", "rm", "asking", "--yes");
        Assert.True(removed.Code == 0, removed.ToString());

        async Task<Ended> AddAsync(string passphrase)
        {
            await using var asked = new RunningProgram(DroverProgram.StartOnTerminal(
                _drover.Folder, "server", "add", "asking", "--host", "127.0.0.1", "--user", "root", "--key", key, "--data", _drover.Data));
            // What the terminal is told when it stops showing keys; before, it would show them.
            await asked.PrintsAsync("\e[?1h");
            Assert.Contains("Passphrase", asked.Text, StringComparison.Ordinal);
            await asked.Process.StandardInput.WriteAsync(passphrase + "\r");
            await asked.Process.StandardInput.FlushAsync();
            var ended = await asked.EndAsync();
            Assert.DoesNotContain(passphrase, ended.Text, StringComparison.Ordinal);
            return ended;
        }
    }

    [Theory]
    [InlineData("--no-such-option")]
    [InlineData("no-such-verb")]
    [InlineData("run")]
    [InlineData("run", "--priority", "first", "--", "true")]
    [InlineData("run", "--timeout", "soon", "--", "true")]
    [InlineData("run", "--env", "NOVALUE", "--", "true")]
    [InlineData("run", "--no-such-option", "--", "true")]
    [InlineData("script", "/no/such/file")]
    [InlineData("job", "list", "--limit", "0")]
    [InlineData("job", "show", "zzzz")]
    [InlineData("job", "check")]
    [InlineData("job", "check", "--kinds", "/no/such/file")]
    [InlineData("server", "add", "x")]
    [InlineData("completion", "cmd")]
    public async Task A_wrong_call_exits_with_2_and_says_why(params string[] args)
    {
        var ended = await _drover.CliAsync(args);
        Assert.True(ended.Code == 2, ended.ToString());
        Assert.NotEmpty(ended.ErrorText);
        Assert.DoesNotContain("   at ", ended.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_server_is_told_with_near_names()
    {
        var ended = await _drover.CliAsync("run", "--on", "locl", "--", "true");
        Assert.True(ended.Code == 2, ended.ToString());
        Assert.Equal("drover: There is no server 'locl'. Did you mean local?\n", ended.ErrorText);
    }

    [Fact]
    public async Task A_wrong_token_is_refused_in_one_line()
    {
        var ended = await _drover.CliAsync("job", "list", "--token", "wrong");
        Assert.True(ended.Code == 1, ended.ToString());
        Assert.Contains("token", ended.ErrorText, StringComparison.Ordinal);
        OneLine(ended);
    }

    [Fact]
    public async Task Json_of_every_verb_parses()
    {
        string id = (await _drover.CliAsync("run", "--job-tag", "json", "--", "echo x; exit 1")).Code == 1
            ? (await _drover.JsonAsync("job", "list", "--tag", "json"))["items"]![0]!["id"]!.GetValue<string>()
            : throw new InvalidOperationException("The first job did not end with 1.");
        Assert.Equal("failed", (await _drover.JsonAsync("job", "show", id))["status"]!.GetValue<string>());
        Assert.Equal(id, (await _drover.JsonAsync("job", "show", id[..^1]))["id"]!.GetValue<string>());
        Assert.Equal("stdout", (await _drover.JsonAsync("job", "logs", id))["stream"]!.GetValue<string>());
        await LinesAsync(1, "job", "wait", id);
        await LinesAsync(0, "job", "logs", "-f", id);
        await LinesAsync(2, "run", "--", "echo y; exit 2");
        Assert.NotNull((await _drover.JsonAsync("run", "--detach", "--", "true"))["id"]);
        Assert.NotNull((await _drover.JsonAsync("job", "rerun", "--detach", id))["id"]);
        Assert.NotNull((await _drover.JsonAsync("job", "duplicate", "--detach", "--command", "true", id))["id"]);
        Assert.Equal(1, (await _drover.JsonAsync("job", "retry", id))["changed"]!.GetValue<int>());
        await _drover.EndOfAsync(id);
        Assert.Equal(1, (await _drover.JsonAsync("job", "delete", "--yes", id))["changed"]!.GetValue<int>());
        string sleeper = await _drover.SubmitAsync("sleep 300");
        Assert.Equal(1, (await _drover.JsonAsync("job", "cancel", sleeper))["changed"]!.GetValue<int>());
        Assert.Equal("local", (await _drover.JsonAsync("server", "list"))["items"]![0]!["name"]!.GetValue<string>());
        Assert.Equal("local", (await _drover.JsonAsync("server", "show", "local"))["name"]!.GetValue<string>());
        Assert.True((await _drover.JsonAsync("server", "test", "local"))["ok"]!.GetValue<bool>());
        Assert.True((await _drover.JsonAsync("server", "status"))["items"]![0]!["ok"]!.GetValue<bool>());
        Assert.Empty((await _drover.JsonAsync("key", "list"))["items"]!.AsArray());
        Assert.Equal("default", (await _drover.JsonAsync("queue", "list"))["items"]![0]!["name"]!.GetValue<string>());
        Assert.NotNull((await _drover.JsonAsync("queue", "stats", "default"))["queue_depth"]);
        Assert.True((await _drover.JsonAsync("queue", "pause", "unused"))["paused"]!.GetValue<bool>());
        Assert.False((await _drover.JsonAsync("queue", "resume", "unused"))["paused"]!.GetValue<bool>());
        Assert.Equal(8, (await _drover.JsonAsync("worker", "list"))["items"]![0]!["slots"]!.GetValue<int>());
        Assert.Equal("command line", (await _drover.JsonAsync("config"))["DROVER_DATA"]!["source"]!.GetValue<string>());
        Assert.NotNull((await _drover.JsonAsync("version"))["version"]);
        Assert.Equal(100, (await _drover.JsonAsync("bench", "--jobs", "100", "--connections", "2"))["jobs"]!.GetValue<int>());
    }

    [Fact]
    public async Task Every_verb_has_help_with_an_example()
    {
        string[][] verbs =
        [
            ["up"], ["serve"], ["run"], ["script"], ["job"], ["job", "list"], ["job", "show"], ["job", "logs"], ["job", "wait"], ["job", "cancel"], ["job", "rerun"],
            ["job", "duplicate"], ["job", "retry"], ["job", "check"], ["job", "delete"], ["server"], ["server", "add"], ["server", "test"], ["server", "trust"], ["key", "add"],
            ["queue", "pause"], ["worker", "drain"], ["top"], ["bench"], ["health"], ["config"], ["completion"], ["version"],
        ];
        foreach (string[] verb in verbs)
        {
            var ended = await DroverProgram.RunAsync(_drover.Folder, [.. verb, "--help"]);
            Assert.True(ended.Code == 0, ended.ToString());
            Assert.Contains("Example:", ended.Text, StringComparison.Ordinal);
            Assert.Contains("drover " + verb[0], ended.Text, StringComparison.Ordinal);
        }
    }

    private static void OneLine(Ended ended) => Assert.True(ended.ErrorText.TrimEnd('\n').Split('\n').Length == 1, ended.ToString());

    private async Task LinesAsync(int code, params string[] args)
    {
        var ended = await _drover.CliAsync([.. args.TakeWhile(word => word != "--"), "--json", .. args.SkipWhile(word => word != "--")]);
        string[] lines = ended.Text.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.NotNull(JsonNode.Parse(line)));
        Assert.True(ended.Code == code, ended.ToString());
    }
}
