using Drover.Jobs;
using Drover.Workers;

namespace Drover.EndToEnd.Shell;

/// <summary>How jobs are ended.</summary>
public abstract partial class ShellTests
{
    /// <summary>A job of many processes that do not want to end.</summary>
    protected static string Tree(string mark) => $"""
        export MARK={mark}
        trap '' TERM
        sleep 301 &
        nohup sleep 302 >/dev/null 2>&1 &
        setsid sleep 303 &
        setsid sh -c 'trap "" TERM HUP; sleep 304 & sleep 305' &
        ( ( sleep 306 & ) & )
        sh -c "trap '' TERM; sh -c 'sleep 307; :'; :" &
        echo ready
        while :; do sleep 1; done
        """;

    [Fact]
    public async Task Cancel_ends_a_tree_of_processes_that_do_not_want_to_end()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        using RunContext run = host.Context(ShellHost.Script(Tree(mark)));
        Task<AttemptOutcome> running = host.Executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("ready");
        await Until.TrueAsync(() => ShellHost.Marked(mark).Count >= 7, "the tree did not grow");
        run.Cancel();
        AttemptOutcome outcome = await running;
        Assert.True(outcome is { Kind: OutcomeKind.Canceled, Unconfirmed: false, Reason: FailureReasons.Canceled }, outcome.ToString());
        Assert.Empty(ShellHost.Marked(mark));
    }

    [Fact]
    public async Task A_timeout_ends_the_tree_and_is_its_own_outcome()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        (_, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Script(Tree(mark), timeout: TimeSpan.FromSeconds(1)));
        Assert.True(outcome is { Kind: OutcomeKind.TimedOut, Unconfirmed: false, Reason: FailureReasons.Timeout }, outcome.ToString());
        Assert.Empty(ShellHost.Marked(mark));
    }

    [Fact]
    public async Task A_trap_that_cleans_up_gets_its_grace()
    {
        ShellHost host = await HostAsync();
        using RunContext run = host.Context(ShellHost.Script("trap 'echo cleaning; sleep 0.3; echo clean; exit 3' TERM; echo ready; while :; do sleep 0.1; done"));
        Task<AttemptOutcome> running = host.Executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("ready");
        run.Cancel(StopReason.Shutdown);
        AttemptOutcome outcome = await running;
        Assert.Equal("ready\ncleaning\nclean\n", run.Text);
        Assert.True(outcome is { Kind: OutcomeKind.Canceled, ExitCode: 3, Reason: FailureReasons.Shutdown, Unconfirmed: false }, outcome.ToString());
    }

    [Fact]
    public async Task Cancel_works_on_programs_that_clear_their_environment()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        using RunContext run = host.Context(ShellHost.Script($"env -i sh -c 'sleep 308; : {mark}' & echo ready; wait"));
        Task<AttemptOutcome> running = host.Executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("ready");
        run.Cancel();
        Assert.False((await running).Unconfirmed);
        Assert.Empty(ShellHost.Marked(mark));
    }

    [Fact]
    public async Task A_cancel_before_the_start_starts_nothing()
    {
        ShellHost host = await HostAsync();
        using RunContext run = host.Context(ShellHost.Command("echo never"));
        run.Cancel();
        AttemptOutcome outcome = await host.Executor.ExecuteAsync(run);
        Assert.Equal(OutcomeKind.Canceled, outcome.Kind);
        Assert.Empty(run.Text);
    }

    [Fact]
    public async Task A_watcher_that_is_gone_is_replaced_by_a_second_channel()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        // The job kills what reads the control line: every sibling of its own under the wrapper's shell.
        using RunContext run = host.Context(ShellHost.Script($"""
            export MARK={mark}
            for p in $(cat /proc/$PPID/task/$PPID/children); do [ $p = $$ ] || kill -KILL $p; done
            echo ready; sleep 309
            """));
        Task<AttemptOutcome> running = host.Executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("ready");
        run.Cancel();
        AttemptOutcome outcome = await running;
        Assert.True(outcome is { Kind: OutcomeKind.Canceled, Unconfirmed: false }, outcome.ToString());
        Assert.Empty(ShellHost.Marked(mark));
    }

    [Fact]
    public async Task A_job_whose_watching_shell_was_killed_has_not_completed()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        (_, AttemptOutcome outcome) = await host.RunAsync(ShellHost.Script($"export MARK={mark}; kill -KILL $PPID; sleep 1"));
        Assert.True(outcome.Kind == OutcomeKind.Failed && outcome.Reason is FailureReasons.Signal, outcome.ToString());
        Assert.Empty(ShellHost.Marked(mark));
    }

    [Fact]
    public async Task A_terminal_job_has_a_terminal_and_can_be_canceled()
    {
        ShellHost host = await HostAsync();
        string mark = NewMark();
        JobSpec spec = ShellHost.Script($"#!/bin/bash\nexport MARK={mark}; tty >/dev/null && echo terminal; test -t 0 -a -t 1 -a -t 2 && echo all; exit 5");
        (RunContext run, AttemptOutcome outcome) = await host.RunAsync(spec with { Shell = spec.Shell! with { Pty = true } });
        Assert.True(outcome.ExitCode == 5, $"{outcome}\n{run.Text}\n{run.ErrorText}");
        Assert.Equal("terminal\r\nall\r\n", run.Text);

        JobSpec endless = ShellHost.Script(Tree(mark));
        using RunContext second = host.Context(endless with { Shell = endless.Shell! with { Pty = true } });
        Task<AttemptOutcome> running = host.Executor.ExecuteAsync(second).AsTask();
        await second.PrintedAsync("ready");
        second.Cancel();
        outcome = await running;
        Assert.True(outcome is { Kind: OutcomeKind.Canceled, Unconfirmed: false }, outcome.ToString());
        Assert.Empty(ShellHost.Marked(mark));
    }
}
