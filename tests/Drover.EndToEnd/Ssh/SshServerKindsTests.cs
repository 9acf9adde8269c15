using Drover.EndToEnd.Shell;
using Drover.Jobs;
using Drover.Ssh;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.EndToEnd.Ssh;

/// <summary>Servers that are unlike others: limited accounts, folders that cannot be used, what is missing there.</summary>
public sealed class SshServerKindsTests(SshdFixture fixture)
{
    [Fact]
    public async Task An_account_that_is_limited_to_a_command_is_told()
    {
        using Sshd server = await Sshd.StartAsync("ForceCommand echo only this is allowed");
        (RunContext run, AttemptOutcome outcome) = await RunAsync(server.Target(), ShellHost.Command("uptime"));
        Assert.Equal((OutcomeKind.Failed, FailureReasons.PrepareFailed), (outcome.Kind, outcome.Reason));
        Assert.Contains("limited to certain commands", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("only this is allowed", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_without_a_login_is_told()
    {
        Sshd server = await fixture.ServerAsync();
        string user = await SystemUserAsync("drovertest-nologin", "/usr/sbin/nologin");
        (_, AttemptOutcome outcome) = await RunAsync(server.Target(user, "nologin"), ShellHost.Command("uptime"));
        Assert.Equal((OutcomeKind.Failed, FailureReasons.PrepareFailed), (outcome.Kind, outcome.Reason));
    }

    [Fact]
    public async Task A_restricted_shell_runs_the_job_or_tells_that_it_may_not()
    {
        Sshd server = await fixture.ServerAsync();
        string user = await SystemUserAsync("drovertest-rbash", "/bin/rbash");
        (_, AttemptOutcome outcome) = await RunAsync(server.Target(user, "rbash"), ShellHost.Command("echo hi"));
        // The wrapper is run by exec, which rbash refuses unless its bash is told otherwise.
        if (outcome.Kind != OutcomeKind.Completed)
            Assert.Equal(FailureReasons.PrepareFailed, outcome.Reason);
    }

    [Fact]
    public async Task A_script_runs_where_the_temp_folder_may_hold_no_programs()
    {
        using var folder = await Mount.TmpfsAsync("noexec,size=4m,mode=1777");
        using Sshd server = await Sshd.StartAsync($"SetEnv TMPDIR={folder.Path}");
        (RunContext run, AttemptOutcome outcome) = await RunAsync(server.Target(), ShellHost.Script("#!/bin/bash\necho ran\n" + new string('#', 200_000)));
        Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString());
        Assert.Equal("ran\n", run.Text);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_temp_folder_without_space_is_passed_over()
    {
        using var folder = await Mount.TmpfsAsync("size=64k,mode=1777");
        using Sshd server = await Sshd.StartAsync($"SetEnv TMPDIR={folder.Path}");
        (RunContext run, AttemptOutcome outcome) = await RunAsync(server.Target(), ShellHost.Script("echo ran\n" + new string('#', 1_000_000)));
        Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString());
        Assert.Equal("ran\n", run.Text);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task No_space_anywhere_is_told()
    {
        using var small = await Mount.TmpfsAsync("size=64k,mode=1777");
        // /dev/shm is hidden from this sshd by a mount in a namespace of its own.
        using Sshd server = await Sshd.StartInNamespaceAsync($"mount -t tmpfs -o size=64k tmpfs /dev/shm", $"SetEnv TMPDIR={small.Path} HOME={small.Path}");
        (_, AttemptOutcome outcome) = await RunAsync(server.Target(), ShellHost.Script("echo ran\n" + new string('#', 1_000_000)));
        Assert.Equal((OutcomeKind.Failed, FailureReasons.PrepareFailed), (outcome.Kind, outcome.Reason));
        Assert.Contains("no space or permission", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_proc_runs_and_cancels_jobs()
    {
        using Sshd server = await Sshd.StartInNamespaceAsync("mount -t tmpfs tmpfs /proc");
        await using SshExecutor executor = NewExecutor();
        string mark = "mark" + Guid.NewGuid().ToString("N");
        using var run = new RunContext(ShellHost.Command($"export MARK={mark}; (trap '' TERM; sleep 300) & echo started; sleep 300"), server.Target());
        Task<AttemptOutcome> running = executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("started");
        run.Cancel();
        AttemptOutcome outcome = await running;
        Assert.True(outcome.Kind == OutcomeKind.Canceled, outcome.ToString());
        Assert.True(outcome.Unconfirmed || ShellHost.Marked(mark).Count == 0, outcome.ToString());
        foreach (string left in ShellHost.Marked(mark))
            await ShellHost.ToolAsync("kill", "-KILL", left.Split(':')[0]);

        (_, AttemptOutcome script) = await RunAsync(server.Target(), ShellHost.Script("echo hi\n"));
        Assert.Equal((OutcomeKind.Failed, FailureReasons.PrepareFailed), (script.Kind, script.Reason));
        Assert.Contains("no /dev/fd", script.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_setsid_cancels_the_whole_tree()
    {
        using Sshd server = await Sshd.StartInNamespaceAsync("mount --bind /dev/null /usr/bin/setsid");
        await using SshExecutor executor = NewExecutor();
        string mark = "mark" + Guid.NewGuid().ToString("N");
        using var run = new RunContext(ShellHost.Script($"export MARK={mark}\n(trap '' TERM; sleep 300) &\necho started\nsleep 300\n"), server.Target());
        Task<AttemptOutcome> running = executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("started");
        run.Cancel();
        AttemptOutcome outcome = await running;
        Assert.True(outcome is { Kind: OutcomeKind.Canceled, Unconfirmed: false }, outcome.ToString());
        await ShellHost.NothingLeftAsync(mark);
    }

    [Fact]
    public async Task A_process_of_another_user_that_cannot_be_ended_makes_the_cancel_unconfirmed()
    {
        Sshd server = await fixture.ServerAsync();
        string user = await SystemUserAsync("drovertest-sudo", "/bin/bash");
        await File.WriteAllTextAsync("/etc/sudoers.d/drovertest", $"{user} ALL=(root) NOPASSWD: ALL\n");
        try
        {
            await using SshExecutor executor = NewExecutor();
            string mark = "mark" + Guid.NewGuid().ToString("N");
            // sudo passes TERM on to what it runs; this one does not care, and KILL of root's process is not the user's to send.
            using var run = new RunContext(ShellHost.Script($"echo started\nexec sudo -n sh -c 'trap \"\" TERM HUP INT; echo deaf; : {mark}; while :; do sleep 1; done'\n"), server.Target(user, "sudo"));
            Task<AttemptOutcome> running = executor.ExecuteAsync(run).AsTask();
            await run.PrintedAsync("deaf");
            run.Cancel();
            AttemptOutcome outcome = await running;
            Assert.True(outcome is { Kind: OutcomeKind.Canceled, Unconfirmed: true, Reason: FailureReasons.CancelUnconfirmed }, outcome.ToString());
            Assert.Contains("another user", outcome.Error, StringComparison.Ordinal);
            foreach (string left in ShellHost.Marked(mark))
                await ShellHost.ToolAsync("kill", "-KILL", left.Split(':')[0]);
        }
        finally
        {
            File.Delete("/etc/sudoers.d/drovertest");
        }
    }

    [Fact]
    public async Task Sudo_inside_a_script_works_and_ends_with_a_cancel()
    {
        Sshd server = await fixture.ServerAsync();
        string user = await SystemUserAsync("drovertest-sudo2", "/bin/bash");
        await File.WriteAllTextAsync("/etc/sudoers.d/drovertest2", $"{user} ALL=(root) NOPASSWD: ALL\n");
        try
        {
            await using SshExecutor executor = NewExecutor();
            // sudo passes TERM on to the one process it runs.
            string mark = "300." + Environment.TickCount64;
            using var run = new RunContext(ShellHost.Script($"sudo -n id -u\nsudo -n sh -c 'echo running; exec sleep {mark}'\n"), server.Target(user, "sudo2"));
            Task<AttemptOutcome> running = executor.ExecuteAsync(run).AsTask();
            await run.PrintedAsync("0\nrunning");
            run.Cancel();
            AttemptOutcome outcome = await running;
            Assert.True(outcome is { Kind: OutcomeKind.Canceled, Unconfirmed: false }, outcome.ToString());
            await ShellHost.NothingLeftAsync(mark);
        }
        finally
        {
            File.Delete("/etc/sudoers.d/drovertest2");
        }
    }

    private SshExecutor NewExecutor() => new(fixture.Options, TimeProvider.System, NullLoggerFactory.Instance);

    private async Task<(RunContext Run, AttemptOutcome Outcome)> RunAsync(Servers.SshTarget target, JobSpec spec)
    {
        await using SshExecutor executor = NewExecutor();
        var run = new RunContext(spec, target);
        return (run, await executor.ExecuteAsync(run));
    }

    private static async Task<string> SystemUserAsync(string name, string shell)
    {
        if ((await ShellHost.ToolAsync("id", name)).Code != 0)
        {
            (int code, string output) = await ShellHost.ToolAsync("useradd", "-m", "-s", shell, name);
            Assert.True(code == 0, output);
            // Without a password an account counts as locked, and sshd lets nobody in.
            await ShellHost.ToolAsync("sh", "-c", $"echo '{name}:{SshdFixture.Password}' | chpasswd");
        }

        return name;
    }

    /// <summary>A file system of the test's own.</summary>
    private sealed class Mount(string path) : IDisposable
    {
        public string Path => path;

        public static async Task<Mount> TmpfsAsync(string options)
        {
            string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "drover-mount-" + Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(path);
            (int code, string output) = await ShellHost.ToolAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
            Assert.True(code == 0, output);
            return new(path);
        }

        public void Dispose()
        {
            ShellHost.ToolAsync("umount", "-l", path).GetAwaiter().GetResult();
            Directory.Delete(path);
        }
    }
}
