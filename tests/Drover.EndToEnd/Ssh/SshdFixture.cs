using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;
using Drover.Servers;
using Drover.Shell;
using Drover.Ssh;
using Drover.Workers;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(SshdFixture))]

namespace Drover.EndToEnd.Ssh;

/// <summary>One sshd and one user per login shell, shared by the tests.</summary>
public sealed class SshdFixture : IAsyncLifetime
{
    private static readonly Dictionary<string, string> LoginShells = new()
    {
        ["dash"] = "/bin/dash",
        ["bash"] = "/bin/bash",
        ["ash"] = "/usr/local/lib/drover-test/ash",
        ["tcsh"] = "/usr/bin/tcsh",
        ["fish"] = "/usr/bin/fish",
        ["zsh"] = "/usr/bin/zsh",
    };

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, ShellHost> _hosts = [];
    private Sshd? _server;

    public const string Password = "correct horse battery";

    public SshOptions Options { get; } = new() { Run = new ShellRunOptions { Grace = TimeSpan.FromSeconds(1), Overhang = TimeSpan.FromSeconds(2) }, ConnectionTimeout = TimeSpan.FromSeconds(15), KeepaliveInterval = TimeSpan.FromSeconds(2) };

    public async ValueTask<Sshd> ServerAsync()
    {
        await _gate.WaitAsync();
        try
        {
            return _server ??= await Sshd.StartAsync("MaxStartups 10:30:100");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Root, or an ordinary user with this login shell.</summary>
    public async ValueTask<ShellHost> HostAsync(string who)
    {
        Sshd server = await ServerAsync();
        await _gate.WaitAsync();
        try
        {
            if (!_hosts.TryGetValue(who, out ShellHost? host))
            {
                string user = who == "root" ? "root" : await UserAsync(who);
                _hosts[who] = host = new Host(new SshExecutor(Options, TimeProvider.System, NullLoggerFactory.Instance), server.Target(user));
            }

            return host;
        }
        finally
        {
            _gate.Release();
        }
    }

    public static async Task<string> UserAsync(string shell)
    {
        string name = "drovertest-" + shell;
        if (shell == "ash" && !File.Exists(LoginShells["ash"]))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(LoginShells["ash"])!);
            File.CreateSymbolicLink(LoginShells["ash"], "/bin/busybox");
        }

        Assert.True(File.Exists(LoginShells[shell]), $"The login shell {LoginShells[shell]} is missing: install {(shell == "ash" ? "busybox" : shell)}.");
        if ((await ShellHost.ToolAsync("id", name)).Code != 0)
        {
            (int code, string output) = await ShellHost.ToolAsync("useradd", "-m", "-s", LoginShells[shell], name);
            Assert.True(code == 0, output);
        }

        await ShellHost.ToolAsync("sh", "-c", $"echo '{name}:{Password}' | chpasswd");
        return name;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (ShellHost host in _hosts.Values)
            await ((SshExecutor)host.Executor).DisposeAsync();
        _server?.Dispose();
        _gate.Dispose();
    }

    private sealed class Host(SshExecutor executor, SshTarget target) : ShellHost
    {
        public override IJobExecutor Executor => executor;

        public override ExecutionTarget Target => target;
    }
}
