using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Drover.EndToEnd.Shell;
using Drover.Servers;

namespace Drover.EndToEnd.Ssh;

/// <summary>A real sshd of its own on a free loopback port, with fresh host keys, stopped by its process id.</summary>
public sealed class Sshd : IDisposable
{
    private const string Program = "/usr/sbin/sshd";

    private readonly List<string> _log = [];
    private Process _process;

    private Sshd(string folder, int port, Process process) => (Folder, Port, _process) = (folder, port, process);

    public string Folder { get; }

    private string? Mounts { get; init; }

    public int Port { get; }

    public int ProcessId => _process.Id;

    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    /// <summary>The key that may sign in as any test user and root.</summary>
    public byte[] ClientKey => File.ReadAllBytes(Path.Combine(Folder, "client"));

    public HostKey HostKey
    {
        get
        {
            string[] words = File.ReadAllText(Path.Combine(Folder, "host_ed25519.pub")).Split(' ');
            return new(words[0], words[1].Trim());
        }
    }

    public static Task<Sshd> StartAsync(params string[] extra) => StartInNamespaceAsync(null, extra);

    /// <summary>Starts it with mounts of its own, which nobody else sees.</summary>
    /// <param name="mounts">Shell text that makes them; null for none.</param>
    /// <param name="extra">Lines of its configuration.</param>
    public static async Task<Sshd> StartInNamespaceAsync(string? mounts, params string[] extra)
    {
        Assert.True(File.Exists(Program), $"{Program} is missing: install openssh-server.");
        Assert.True(Environment.UserName == "root", "These tests create users and start sshd: run them as root.");
        // Below /run, not below the temp folder: sshd trusts authorized_keys only in folders that nobody else can write.
        string folder = Path.Combine("/run", "drover-sshd-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory("/run/sshd");
        foreach (string type in new[] { "ed25519", "rsa", "ecdsa" })
            await KeygenAsync("-t", type, "-f", $"{folder}/host_{type}", "-N", "");
        await KeygenAsync("-t", "ed25519", "-f", $"{folder}/client", "-N", "");
        File.Copy($"{folder}/client.pub", $"{folder}/authorized");
        await ShellHost.ToolAsync("chmod", "-R", "go+rX", folder);
        await ShellHost.ToolAsync("chmod", "600", $"{folder}/client", $"{folder}/host_ed25519", $"{folder}/host_rsa", $"{folder}/host_ecdsa");
        int port = FreePort();
        string config = $"""
            ListenAddress 127.0.0.1:{port}
            {string.Join('\n', extra)}
            HostKey {folder}/host_ed25519
            HostKey {folder}/host_rsa
            HostKey {folder}/host_ecdsa
            AuthorizedKeysFile {folder}/authorized
            PidFile none
            PermitRootLogin yes
            PasswordAuthentication yes
            UsePAM no
            PrintMotd no
            LogLevel VERBOSE
            """;
        await File.WriteAllTextAsync($"{folder}/config", config);
        var server = new Sshd(folder, port, new Process()) { Mounts = mounts };
        await server.StartProcessAsync();
        return server;
    }

    /// <summary>Ends it and everything it has started, at once.</summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        // With a limit: without one it would wait for whoever still holds the log's pipe.
        Assert.True(_process.WaitForExit(TimeSpan.FromSeconds(10)));
    }

    /// <summary>Starts it again with the same keys and port.</summary>
    public Task RestartAsync() => StartProcessAsync();

    public async Task NewHostKeyAsync()
    {
        foreach (string type in new[] { "ed25519", "rsa", "ecdsa" })
        {
            File.Delete($"{Folder}/host_{type}");
            File.Delete($"{Folder}/host_{type}.pub");
            await KeygenAsync("-t", type, "-f", $"{Folder}/host_{type}", "-N", "");
        }
    }

    /// <summary>Makes a client key; answers its file.</summary>
    public async Task<string> NewClientKeyAsync(params string[] args)
    {
        string file = $"{Folder}/key{Guid.NewGuid():N}";
        await KeygenAsync(["-f", file, .. args]);
        await File.AppendAllTextAsync($"{Folder}/authorized", await File.ReadAllTextAsync(file + ".pub"));
        return file;
    }

    public SshTarget Target(string user = "root", string id = "s") => new()
    {
        ServerId = id,
        ServerName = "test",
        Host = "127.0.0.1",
        Port = Port,
        User = user,
        Credential = new() { PrivateKey = ClientKey },
        HostKey = HostKey,
        Revision = 1,
    };

    /// <summary>The processes that serve connections now.</summary>
    public int Connections() => ShellHost.Marked("sshd: ").Count(line => File.Exists($"/proc/{line.Split(':')[0]}/stat") && ParentOf(line.Split(':')[0]) == ProcessId);

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public static async Task KeygenAsync(params string[] args)
    {
        (int code, string output) = await ShellHost.ToolAsync("ssh-keygen", ["-q", .. args]);
        Assert.True(code == 0, output);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task StartProcessAsync()
    {
        lock (_log)
            _log.Clear();
        string[] args = ["-D", "-e", "-f", $"{Folder}/config"];
        var start = Mounts is null
            ? new ProcessStartInfo(Program, args)
            : new ProcessStartInfo("unshare", ["--mount", "sh", "-c", $"{Mounts} && exec \"$0\" \"$@\"", Program, .. args]);
        start.RedirectStandardError = start.RedirectStandardInput = true;
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (_log)
                _log.Add(e.Data ?? "");
        };
        _process.BeginErrorReadLine();
        await Until.TrueAsync(() => _process.HasExited || Log.Contains("Server listening", StringComparison.Ordinal), "sshd does not listen");
        Assert.False(_process.HasExited, Log);
    }

    private static int ParentOf(string pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
