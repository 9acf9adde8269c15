using Drover.Jobs;

namespace Drover.EndToEnd.Shell;

/// <summary>What every place promises for commands and scripts; each place plugs its host in.</summary>
public abstract partial class ShellTests
{
    protected abstract ValueTask<ShellHost> HostAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public async Task The_exit_code_is_the_jobs_own(int code)
    {
        ShellHost host = await HostAsync();
        (_, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command($"exit {code}"));
        Assert.Equal(code, outcome.ExitCode);
        Assert.Equal(code == 0 ? OutcomeKind.Completed : OutcomeKind.Failed, outcome.Kind);
    }

    [Fact]
    public async Task A_death_by_signal_is_told()
    {
        ShellHost host = await HostAsync();
        (_, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command("kill -TERM $$"));
        Assert.Equal(("TERM", 143, FailureReasons.Signal), (outcome.Signal, outcome.ExitCode, outcome.Reason));
    }

    [Fact]
    public async Task A_missing_interpreter_is_127_and_a_bad_working_directory_126()
    {
        ShellHost host = await HostAsync();
        (_, AttemptOutcome missing) = await host.RunAsync(ShellHost.Script("#!/no/such/interpreter\necho hi\n"));
        Assert.Equal(127, missing.ExitCode);
        JobSpec spec = ShellHost.Command("pwd");
        (Shell.RunContext run, AttemptOutcome elsewhere) = await host.RunAsync(spec with { Shell = spec.Shell! with { WorkingDir = "/no/such/folder" } });
        Assert.Equal(126, elsewhere.ExitCode);
        Assert.NotEmpty(run.ErrorText);
    }

    [Fact]
    public async Task Stdout_and_stderr_come_apart_and_unterminated_lines_come_too()
    {
        ShellHost host = await HostAsync();
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command("printf 'a\\nb'; printf 'c\\nd' >&2"));
        Assert.Equal(OutcomeKind.Completed, outcome.Kind);
        Assert.Equal(("a\nb", "c\nd"), (run.Text, run.ErrorText));
    }

    [Fact]
    public async Task Shell_text_is_expanded_and_arguments_in_a_list_are_not()
    {
        ShellHost host = await HostAsync();
        Assert.Equal("2 x\n", await host.PrintAsync(ShellHost.Command("echo", "$((1+1)) 'x'")));
        Assert.Equal("$((1+1))|*|\n", await host.PrintAsync(ShellHost.Command("sh", args: ["-c", "printf '%s|' \"$@\"; echo", "sh", "$((1+1))", "*"])));
    }

    [Fact]
    public async Task Arguments_reach_the_program_unchanged_whatever_they_hold()
    {
        ShellHost host = await HostAsync();
        string all = new([.. Enumerable.Range(1, 255).Select(i => (char)i)]);
        string[] args = ["", " ", "a b", "'", "\"", "\\", "\\\\", "\n", "\n\n", "a\nb\n", "$HOME", "`id`", "*", "!", "!!", "~", "-n", "--", "#", ";", "&", "äö€😀", "\u0001\u007f\u0080", all];
        string printed = await host.PrintAsync(ShellHost.Command("printf", args: ["%s\\036", .. args]));
        Assert.Equal(args, printed.Split('\u001e').SkipLast(1).ToArray().Length == args.Length ? printed.Split('\u001e').SkipLast(1) : SplitAround(printed, args));
        Assert.Equal(args[^1], (await host.PrintAsync(ShellHost.Script("printf %s \"$1\"", args: [all]))));
    }

    [Fact]
    public async Task Environment_and_directory_reach_the_job_whatever_they_hold()
    {
        ShellHost host = await HostAsync();
        string folder = Path.Combine(Path.GetTempPath(), "drover test 'quotes\" $x \n " + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        JobSpec spec = ShellHost.Command("pwd; printf '%s|%s|%s' \"$A\" \"$B\" \"$PATH\"");
        spec = spec with
        {
            Shell = spec.Shell! with
            {
                WorkingDir = folder,
                Env = new Dictionary<string, string> { ["A"] = "it's \"$x\" `id` \\ ", ["B"] = "two\nlines", ["with.dot"] = "1", ["PATH"] = "/usr/bin:/bin:/tmp/x" },
            },
        };
        Assert.Equal(folder + "\n" + "it's \"$x\" `id` \\ |two\nlines|/usr/bin:/bin:/tmp/x", await host.PrintAsync(spec));
        Directory.Delete(folder);
        // A shell may drop a name that it cannot hold; a program gets it.
        JobSpec direct = ShellHost.Command("env", args: []);
        Assert.Contains("with.dot=1\n", await host.PrintAsync(direct with { Shell = direct.Shell! with { Env = spec.Shell!.Env } }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_nul_in_an_argument_is_refused_with_its_reason()
    {
        ShellHost host = await HostAsync();
        (_, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command("echo", args: ["a\0b"]));
        Assert.Equal(FailureReasons.PrepareFailed, outcome.Reason);
        Assert.True(outcome.NeverRetry);
        Assert.Contains("NUL", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_may_hold_anything_and_is_long()
    {
        ShellHost host = await HostAsync();
        string nasty = string.Concat(Enumerable.Range(0, 2500).Select(i => $"# '\" \\ $( `{i}` <<X €\n: '{i}' \"$({{ :; }})\"\n"));
        string script = nasty + "cat <<'EOF'\nhere 'is' \"a\" $document\nEOF\nread -r line; echo \"read:$line:$?\"; printf %s \"$1\"\n";
        Assert.True(script.Length > 100_000);
        Assert.Equal("here 'is' \"a\" $document\nread::1\none two", await host.PrintAsync(ShellHost.Script(script, args: ["one two"])));
        Assert.Equal("short\n", await host.PrintAsync(ShellHost.Script("echo short")));
        Assert.Equal("", await host.PrintAsync(ShellHost.Script("")));
    }

    [Fact]
    public async Task A_script_takes_its_interpreter_from_its_first_line_or_from_the_job()
    {
        ShellHost host = await HostAsync();
        Assert.Equal("perl 3\n", await host.PrintAsync(ShellHost.Script("#!/usr/bin/perl -w\nprint 'perl ', 1+2, \"\\n\";")));
        Assert.Equal("yes\n", await host.PrintAsync(ShellHost.Script("#!/bin/bash\n[[ a == a ]] && echo yes")));
        JobSpec spec = ShellHost.Script("print 'from perl', \"\\n\"");
        Assert.Equal("from perl\n", await host.PrintAsync(spec with { Shell = spec.Shell! with { Shell = "/usr/bin/perl" } }));
        Assert.Equal("a b 3\n", await host.PrintAsync(ShellHost.Script("echo \"$1\" $#", argsText: "'a b' $((1)) $HOME")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("one\ntwo\nthree")]
    [InlineData("nul \0 and \u0001\u00ff€\r\n\n\n")]
    public async Task Stdin_is_the_jobs_own(string stdin)
    {
        ShellHost host = await HostAsync();
        JobSpec spec = ShellHost.Command("cat; echo end");
        Assert.Equal(stdin + "end\n", await host.PrintAsync(spec with { Shell = spec.Shell! with { Stdin = stdin } }));
        JobSpec script = ShellHost.Script("while IFS= read -r l; do echo \"<$l>\"; done; cat | wc -c | tr -d ' '");
        string lines = stdin.Contains('\0', StringComparison.Ordinal) ? "x\n" : stdin + "\n";
        Assert.EndsWith("0\n", await host.PrintAsync(script with { Shell = script.Shell! with { Stdin = lines } }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupt_and_quit_have_their_default_meaning_for_the_job()
    {
        ShellHost host = await HostAsync();
        Assert.Equal("trapped\n", await host.PrintAsync(ShellHost.Command("trap 'echo trapped' INT; kill -INT $$")));
    }

    [Fact]
    public async Task Megabytes_of_random_bytes_on_both_streams_are_exact()
    {
        ShellHost host = await HostAsync();
        const string Script = """
            #!/usr/bin/perl
            binmode STDOUT; binmode STDERR; srand(42); my ($o, $e) = ('', '');
            for (1..256) { my $a = pack('C*', map { int rand 256 } 1..4096); my $b = pack('C*', map { int rand 256 } 1..4096);
            $o .= $a; $e .= $b; syswrite STDOUT, $a; syswrite STDERR, $b; }
            use Digest::SHA 'sha256_hex'; syswrite STDOUT, sha256_hex($o); syswrite STDERR, sha256_hex($e);
            """;
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(WithEnv(ShellHost.Script(Script), "LC_ALL", "C"));
        Assert.Equal(OutcomeKind.Completed, outcome.Kind);
        foreach (byte[] stream in new[] { run.Stdout, run.Stderr })
        {
            Assert.Equal(1024 * 1024 + 64, stream.Length);
            Assert.Equal(
                System.Text.Encoding.ASCII.GetString(stream.AsSpan(1024 * 1024)),
                Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stream.AsSpan(0, 1024 * 1024))));
        }
    }

    [Fact]
    public async Task Unbuffered_output_comes_line_by_line()
    {
        ShellHost host = await HostAsync();
        JobSpec spec = ShellHost.Command("(echo one; sleep 30) | grep one");
        using RunContext run = host.Context(spec with { Shell = spec.Shell! with { Unbuffered = true } });
        Task<AttemptOutcome> running = host.Executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("one");
        Assert.False(running.IsCompleted);
        run.Cancel();
        Assert.Equal(OutcomeKind.Canceled, (await running).Kind);
    }

    [Fact]
    public async Task A_background_process_that_holds_the_output_does_not_hold_the_job()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command($"MARK={mark} sleep 300 & echo done"));
        Assert.Equal((OutcomeKind.Completed, "done\n"), (outcome.Kind, run.Text));
        Assert.Contains(run.Notes, note => note.Contains("background process", StringComparison.Ordinal));
        foreach (string left in ShellHost.Marked(mark))
            await ShellHost.ToolAsync("kill", "-KILL", left.Split(':')[0]);
    }

    [Fact]
    public async Task A_background_process_that_goes_on_printing_does_not_hold_the_job()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command($"MARK={mark} sh -c 'while echo more; do sleep 0.1; done' & echo done"));
        Assert.Equal(OutcomeKind.Completed, outcome.Kind);
        Assert.Contains("done\n", run.Text, StringComparison.Ordinal);
        Assert.Contains(run.Notes, note => note.Contains("background process still holds", StringComparison.Ordinal));
        foreach (string left in ShellHost.Marked(mark))
            await ShellHost.ToolAsync("kill", "-KILL", left.Split(':')[0]);
    }

    [Theory]
    [InlineData("sleep 300 </dev/null >/dev/null 2>&1 &")]
    [InlineData("setsid nohup sleep 300 </dev/null >/dev/null 2>&1 &")]
    // So long that the wrapper does not go by process ids.
    [InlineData("setsid sleep 300 </dev/null >/dev/null 2>&1 & sleep 3")]
    public async Task A_background_process_that_is_left_behind_is_told_and_goes_on(string background)
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        // It is there before the job ends: setsid takes a moment.
        string script = $"export MARK={mark}\n{background}\nwhile ! grep -qsz '^sleep' /proc/[0-9]*/cmdline; do sleep 0.05; done\necho done\n";
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Script(script));
        Assert.Equal((OutcomeKind.Completed, "done\n"), (outcome.Kind, run.Text));
        string note = Assert.Single(run.Notes);
        Assert.Contains("Left running in the background: sleep (pid ", note, StringComparison.Ordinal);
        string left = Assert.Single(ShellHost.Marked(mark)).Split(':')[0];
        Assert.Contains($"(pid {left})", note, StringComparison.Ordinal);
        await ShellHost.ToolAsync("kill", "-KILL", left);
    }

    [Fact]
    public async Task What_ends_with_the_job_is_not_told_as_left_behind()
    {
        ShellHost host = await HostAsync();
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Command("yes | head -1; sleep 0.05 & true"));
        Assert.Equal((OutcomeKind.Completed, "y\n"), (outcome.Kind, run.Text));
        Assert.DoesNotContain(run.Notes, note => note.Contains("Left running", StringComparison.Ordinal));
    }

    // fish sets a locale that the server may lack, and perl complains of that on stderr.
    private static JobSpec WithEnv(JobSpec spec, string name, string value) =>
        spec with { Shell = spec.Shell! with { Env = new Dictionary<string, string> { [name] = value } } };

    // An argument may hold the separator itself.
    private static string[] SplitAround(string printed, string[] args)
    {
        var found = new List<string>();
        foreach (string arg in args)
        {
            if (!printed.StartsWith(arg + "\u001e", StringComparison.Ordinal))
                break;
            found.Add(arg);
            printed = printed[(arg.Length + 1)..];
        }

        return [.. found];
    }

    protected static string NewMark() => "mark" + Guid.NewGuid().ToString("N");
}
