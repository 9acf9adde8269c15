using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Drover.Servers;

namespace Drover.Bench.Ssh;

/// <summary>An sshd of its own on a free port of the loopback address.</summary>
internal sealed class BenchSshd : IDisposable
{
    private readonly string _folder;
    private readonly Process _process;

    private BenchSshd(string folder, int port, Process process) => (_folder, Port, _process) = (folder, port, process);

    public int Port { get; }

    public byte[] ClientKey => File.ReadAllBytes(_folder + "/client");

    public static async Task<BenchSshd> StartAsync()
    {
        string folder = "/run/drover-bench-" + Environment.ProcessId;
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory("/run/sshd");
        foreach (string name in new[] { "host", "client" })
            await Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", $"{folder}/{name}"]).WaitForExitAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await File.WriteAllTextAsync(folder + "/config", $"""
            ListenAddress 127.0.0.1:{port}
            HostKey {folder}/host
            AuthorizedKeysFile {folder}/client.pub
            PidFile none
            MaxStartups 500
            UsePAM no
            """);
        Process process = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", folder + "/config"]) { RedirectStandardError = true })!;
        while (await process.StandardError.ReadLineAsync() is { } line && !line.Contains("Server listening", StringComparison.Ordinal))
        {
        }

        _ = process.StandardError.ReadToEndAsync();
        return new(folder, port, process);
    }

    /// <summary>The n-th of many servers, each with connections of its own: the same sshd.</summary>
    public SshTarget Target(int number) => new()
    {
        ServerId = "s" + number,
        ServerName = "s" + number,
        Host = "127.0.0.1",
        Port = Port,
        User = Environment.GetEnvironmentVariable("BENCH_USER") ?? Environment.UserName,
        Credential = new() { PrivateKey = ClientKey },
        HostKeyPolicy = HostKeyPolicy.Off,
        Revision = 1,
    };

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
