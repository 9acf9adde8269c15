using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Drover.Bench.Peers;

/// <summary>A Redis of the benchmark's own that writes each command to its file: a temp folder, a free port of the loopback address.</summary>
internal sealed class BenchRedis : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("drover-bench-redis-").FullName;
    private readonly Process _server;
    private readonly int _port;

    private BenchRedis(string appendfsync)
    {
        _port = FreePort();
        string port = _port.ToString(CultureInfo.InvariantCulture);
        _server = Process.Start(new ProcessStartInfo("redis-server",
            ["--port", port, "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--appendonly", "yes", "--appendfsync", appendfsync, "--logfile", "log"]))!;
    }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{_port}");

    public static async Task<BenchRedis> StartAsync(string appendfsync)
    {
        var server = new BenchRedis(appendfsync);
        for (int n = 0; ; n++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, server._port);
                return server;
            }
            catch (SocketException) when (n < 600 && !server._server.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    /// <summary>Seconds of CPU that the server took so far.</summary>
    public double CpuSeconds()
    {
        _server.Refresh();
        return _server.TotalProcessorTime.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
