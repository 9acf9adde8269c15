using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Drover.Bench.Postgres;

/// <summary>
/// A PostgreSQL of the benchmark's own with its usual settings (fsync on): a temp folder, a free port of the loopback address.
/// It refuses to run as root; then it runs as the account that its package made.
/// </summary>
internal sealed class BenchPostgres : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("drover-bench-pg-").FullName;
    private readonly int _port = FreePort();
    private Process? _server;

    public string Url => string.Create(CultureInfo.InvariantCulture, $"postgres://drover@127.0.0.1:{_port}/postgres");

    public static async Task<BenchPostgres> StartAsync()
    {
        var server = new BenchPostgres();
        await server.RunAsync();
        return server;
    }

    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(
            string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=drover;Database=postgres;Pooling=false"));
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Seconds of CPU that the server's processes took so far; those that ended count as well.</summary>
    public double CpuSeconds()
    {
        const int ticksASecond = 100;
        long ticks = 0;
        foreach (string folder in Directory.GetDirectories("/proc").Where(f => char.IsAsciiDigit(f[6])))
        {
            try
            {
                // After the name, which may hold blanks: state, parent, ... user and system time of itself and of its children that ended.
                string stat = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (Path.GetFileName(folder) == _server!.Id.ToString(CultureInfo.InvariantCulture))
                    ticks += fields[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture));
                else if (fields[1] == _server.Id.ToString(CultureInfo.InvariantCulture))
                    ticks += fields[11..13].Sum(f => long.Parse(f, CultureInfo.InvariantCulture));
            }
            // No process, or one that ended just now.
            catch (IOException)
            {
            }
        }

        return (double)ticks / ticksASecond;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            using (var kill = Process.Start("kill", ["-INT", _server.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync();
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            using var chown = Process.Start("chown", ["postgres", _folder]);
            await chown.WaitForExitAsync();
        }

        string data = Path.Combine(_folder, "data");
        using (var initdb = Start("initdb", ["-D", data, "-U", "drover", "-A", "trust", "-E", "UTF8", "--locale=C"]))
        {
            string output = await initdb.StandardOutput.ReadToEndAsync();
            await initdb.WaitForExitAsync();
            if (initdb.ExitCode != 0)
                throw new InvalidOperationException("initdb failed: " + output);
        }

        _server = Start("postgres",
            ["-D", data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_folder}"]);
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        for (int n = 0; ; n++)
        {
            try
            {
                await (await ConnectAsync()).DisposeAsync();
                return;
            }
            catch (NpgsqlException) when (n < 600 && !_server.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    private Process Start(string program, string[] arguments)
    {
        string path = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin", program)).Last(File.Exists)
            : program;
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, _folder);
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
