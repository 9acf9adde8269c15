using System.Net;
using System.Net.Sockets;
using Drover.EndToEnd.Shell;
using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Ssh;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.EndToEnd.Ssh;

public sealed class SshConnectionTests(SshdFixture fixture)
{
    [Fact]
    public async Task Sixty_jobs_at_once_on_one_server_all_connect()
    {
        SshTarget target = (await fixture.ServerAsync()).Target(await SshdFixture.UserAsync("dash"));
        await using SshExecutor executor = NewExecutor();
        AttemptOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ =>
            executor.ExecuteAsync(new RunContext(ShellHost.Command("sleep 0.2"), target)).AsTask()));
        Assert.All(outcomes, outcome => Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString()));
    }

    [Fact]
    public async Task Jobs_that_end_while_they_are_written_to_leave_their_connection_whole()
    {
        // Data behind the close of its channel makes sshd end the connection, with all that runs on it.
        using Sshd server = await Sshd.StartAsync();
        SshTarget target = server.Target(await SshdFixture.UserAsync("dash"));
        await using SshExecutor executor = NewExecutor();
        using var places = new SemaphoreSlim(10);
        AttemptOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 300).Select(async _ =>
        {
            await places.WaitAsync();
            try
            {
                return await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), target));
            }
            finally
            {
                places.Release();
            }
        }));
        Assert.All(outcomes, outcome => Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString()));
        Assert.DoesNotContain("nonexistent channel", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_beyond_the_servers_window_waits_for_room()
    {
        Sshd server = await fixture.ServerAsync();
        await using SshExecutor executor = NewExecutor();
        JobSpec spec = ShellHost.Command("sleep 1; wc -c");
        using var run = new RunContext(spec with { Shell = spec.Shell! with { Stdin = new string('x', 6_000_000) } }, server.Target());
        Assert.Equal(OutcomeKind.Completed, (await executor.ExecuteAsync(run)).Kind);
        Assert.Contains("6000000", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_allows_fewer_sessions_is_noticed()
    {
        using Sshd server = await Sshd.StartAsync("MaxSessions 3");
        await using SshExecutor executor = NewExecutor();
        AttemptOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ =>
            executor.ExecuteAsync(new RunContext(ShellHost.Command("sleep 0.2"), server.Target())).AsTask()));
        Assert.All(outcomes, outcome => Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString()));
    }

    [Fact]
    public async Task A_server_that_accepts_and_never_answers_is_a_clear_error()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Sshd server = await fixture.ServerAsync();
        await using var executor = new SshExecutor(fixture.Options with { ConnectionTimeout = TimeSpan.FromSeconds(1) }, TimeProvider.System, NullLoggerFactory.Instance);
        AttemptOutcome outcome = await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), server.Target() with { Port = ((IPEndPoint)silent.LocalEndpoint).Port }));
        Assert.Equal((OutcomeKind.Failed, FailureReasons.ConnectFailed), (outcome.Kind, outcome.Reason));
    }

    [Fact]
    public async Task A_lost_connection_is_told_and_the_job_ends_there()
    {
        Sshd server = await fixture.ServerAsync();
        await using SshExecutor executor = NewExecutor();
        string mark = "mark" + Guid.NewGuid().ToString("N");
        // The job itself ends the sshd process that carries its connection: its grandparent's parent.
        using var run = new RunContext(ShellHost.Script($"""
            export MARK={mark}
            (trap '' TERM HUP; sleep 301) & setsid sleep 302 &
            echo some output; w=$PPID; s=$(cut -d' ' -f4 /proc/$w/stat); kill -KILL $s; while :; do sleep 1; done
            """), server.Target());
        AttemptOutcome outcome = await executor.ExecuteAsync(run);
        Assert.True(outcome is { Kind: OutcomeKind.Failed, Reason: FailureReasons.ConnectionLost }, outcome.ToString());
        await ShellHost.NothingLeftAsync(mark);
        // The pool has noticed too.
        Assert.Equal(OutcomeKind.Completed, (await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), server.Target()))).Kind);
    }

    [Fact]
    public async Task A_frozen_peer_is_noticed_by_the_keepalive()
    {
        using Sshd server = await Sshd.StartAsync();
        await using var executor = new SshExecutor(
            fixture.Options with { KeepaliveInterval = TimeSpan.FromMilliseconds(300), Run = fixture.Options.Run with { AnswerTimeout = TimeSpan.FromSeconds(1) } },
            TimeProvider.System, NullLoggerFactory.Instance);
        using var healthy = new RunContext(ShellHost.Command("sleep 2.5; echo well"), server.Target());
        Task<AttemptOutcome> well = executor.ExecuteAsync(healthy).AsTask();
        Assert.Equal(OutcomeKind.Completed, (await well).Kind);

        using var run = new RunContext(ShellHost.Script("echo ready; s=$(cut -d' ' -f4 /proc/$PPID/stat); echo \"pid:$s:\"; sleep 60"), server.Target());
        Task<AttemptOutcome> running = executor.ExecuteAsync(run).AsTask();
        await run.PrintedAsync("pid:");
        await Until.TrueAsync(() => run.Text.Split(':').Length > 2, "no pid");
        string pid = run.Text.Split(':')[1];
        await ShellHost.ToolAsync("kill", "-STOP", pid);
        AttemptOutcome outcome = await running;
        await ShellHost.ToolAsync("kill", "-KILL", pid);
        Assert.True(outcome is { Kind: OutcomeKind.Failed, Reason: FailureReasons.ConnectionLost }, outcome.ToString());
    }

    [Fact]
    public async Task A_server_behind_two_jump_servers_is_reached_and_its_absence_told()
    {
        using Sshd inner = await Sshd.StartAsync();
        using Sshd middle = await Sshd.StartAsync();
        Sshd outer = await fixture.ServerAsync();
        await using SshExecutor executor = NewExecutor();
        Servers.SshTarget target = inner.Target(id: "inner") with { Jump = middle.Target(id: "middle") with { Jump = outer.Target(id: "outer") } };
        using var run = new RunContext(ShellHost.Command("echo $SSH_CONNECTION"), target);
        AttemptOutcome outcome = await executor.ExecuteAsync(run);
        Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString());
        Assert.Contains($" {inner.Port}", run.Text, StringComparison.Ordinal);
        AttemptOutcome absent = await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), target with { Port = Sshd.FreePort(), Revision = 2 }));
        Assert.Equal(FailureReasons.ConnectFailed, absent.Reason);
    }

    [Fact]
    public async Task A_server_that_was_restarted_is_connected_again_and_a_new_host_key_refused()
    {
        using Sshd server = await Sshd.StartAsync();
        Servers.SshTarget target = server.Target();
        await using SshExecutor executor = NewExecutor();
        Assert.Equal(OutcomeKind.Completed, (await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), target))).Kind);
        server.Kill();
        await server.RestartAsync();
        Assert.Equal(OutcomeKind.Completed, (await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), target))).Kind);
        server.Kill();
        await server.NewHostKeyAsync();
        await server.RestartAsync();
        await using SshExecutor fresh = NewExecutor();
        Assert.Equal(FailureReasons.HostKeyChanged, (await fresh.ExecuteAsync(new RunContext(ShellHost.Command("true"), target))).Reason);
    }

    [Fact]
    public async Task A_gigabyte_of_output_passes_in_bounded_memory()
    {
        Sshd server = await fixture.ServerAsync();
        await using SshExecutor executor = NewExecutor();
        using var run = new CountingContext(ShellHost.Command("head -c 1073741824 /dev/zero"), server.Target());
        long before = GC.GetTotalMemory(forceFullCollection: true);
        AttemptOutcome outcome = await executor.ExecuteAsync(run);
        Assert.Equal((OutcomeKind.Completed, 1073741824L), (outcome.Kind, run.Bytes));
        Assert.True(run.MostMemory - before < 200 * 1024 * 1024, $"{run.MostMemory - before} bytes");
    }

    [Fact]
    public async Task Nothing_is_left_in_the_temp_folder_and_a_full_one_is_told()
    {
        Sshd server = await fixture.ServerAsync();
        await using SshExecutor executor = NewExecutor();
        JobSpec script = ShellHost.Script("echo hi\n" + new string('#', 100_000));
        Assert.Equal(OutcomeKind.Completed, (await executor.ExecuteAsync(new RunContext(script, server.Target()))).Kind);
        Assert.Empty(Directory.GetFiles("/tmp", ".drover-*"));
        using Sshd cramped = await Sshd.StartAsync("SetEnv TMPDIR=/proc/nowhere HOME=/proc/nowhere");
        // /dev/shm is the last resort.
        Assert.Equal(OutcomeKind.Completed, (await executor.ExecuteAsync(new RunContext(script, cramped.Target(id: "cramped")))).Kind);
        Assert.Empty(Directory.GetFiles("/dev/shm", ".drover-*"));
    }

    private SshExecutor NewExecutor() => new(fixture.Options, TimeProvider.System, NullLoggerFactory.Instance);

    private sealed class CountingContext(JobSpec spec, Servers.ExecutionTarget target) : Workers.ExecutionContext, IOutputSink, IDisposable
    {
        private readonly RunContext _inner = new(spec, target);
        private long _bytes;

        public long Bytes => Interlocked.Read(ref _bytes);

        public long MostMemory { get; private set; }

        public override Storage.Lease Lease => _inner.Lease;

        public override IOutputSink Output => this;

        public override CancellationToken Stop => _inner.Stop;

        public override Workers.StopReason StopReason => _inner.StopReason;

        public override TimeProvider Time => _inner.Time;

        public override ValueTask<Servers.HostKey> ReportHostKeyAsync(string serverId, Servers.HostKey shown, CancellationToken cancel) => _inner.ReportHostKeyAsync(serverId, shown, cancel);

        public void Write(OutputStream stream, ReadOnlySpan<byte> bytes)
        {
            long sum = Interlocked.Add(ref _bytes, bytes.Length);
            if (sum / (16 << 20) != (sum - bytes.Length) / (16 << 20))
                MostMemory = Math.Max(MostMemory, GC.GetTotalMemory(forceFullCollection: false));
        }

        public void Dispose() => _inner.Dispose();
    }
}
