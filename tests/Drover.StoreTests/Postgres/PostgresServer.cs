using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Drover.StoreTests.Postgres;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Drover.StoreTests.Postgres;

/// <summary>
/// A PostgreSQL of this test run's own: started when the first test asks for it, on loopback, in a temp folder, with
/// fsync on. PostgreSQL refuses to run as root; then it runs as the account that its package made.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly Lazy<Task<int>> _port;
    private readonly string _folder;
    private Process? _server;
    private int _schemas;

    public PostgresServer()
        : this(Path.GetTempPath())
    {
    }

    private PostgresServer(string parent) => (_port, _folder) = (new(StartAsync), Path.Combine(parent, $"drover-pg-{Guid.NewGuid():n}"));

    /// <summary>One whose folder is made in another: on a disk of its own, say.</summary>
    public static PostgresServer In(string parent) => new(parent);

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _server is null or { HasExited: true };

    /// <summary>The database's URL.</summary>
    public async Task<string> UrlAsync()
    {
        int port = await _port.Value;
        return string.Create(CultureInfo.InvariantCulture, $"postgres://drover@127.0.0.1:{port}/postgres");
    }

    /// <summary>Its port on the loopback address.</summary>
    public Task<int> PortAsync() => _port.Value;

    /// <summary>A schema's name that no other test has.</summary>
    public string NewSchema() => $"test_{Interlocked.Increment(ref _schemas)}";

    /// <summary>A connection of an operator's.</summary>
    public async Task<NpgsqlConnection> ConnectAsync() => await ConnectAsync(await _port.Value);

    /// <summary>Runs a statement as an operator would.</summary>
    public async Task RunAsync(string sql)
    {
        await using var connection = await ConnectAsync(await _port.Value);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Ends it as a crash would: every process at once, nothing written.</summary>
    public Task CrashAsync() => EndAsync("-QUIT");

    /// <summary>Starts it again on the data that is there.</summary>
    public async Task RestartAsync() => await RunAsync(await _port.Value);

    public async ValueTask DisposeAsync()
    {
        // End the connections, write a checkpoint, leave. SIGKILL would leave its shared memory behind.
        await EndAsync("-INT");

        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private async Task<int> StartAsync()
    {
        Directory.CreateDirectory(_folder);
        if (Environment.IsPrivilegedProcess)
        {
            using var chown = Process.Start("chown", ["postgres", _folder]);
            await chown.WaitForExitAsync();
        }

        string data = Path.Combine(_folder, "data");
        using (var initdb = Start("initdb", ["-D", data, "-U", "drover", "-A", "trust", "-E", "UTF8", "--locale=C"]))
        {
            var (output, errors) = (initdb.StandardOutput.ReadToEndAsync(), initdb.StandardError.ReadToEndAsync());
            await initdb.WaitForExitAsync();
            Assert.True(initdb.ExitCode == 0, $"initdb failed: {await output}{await errors}");
        }

        int port = FreePort();
        await RunAsync(port);
        return port;
    }

    private async Task EndAsync(string signal)
    {
        if (_server is null)
            return;
        using (var kill = Process.Start("kill", [signal, _server.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await _server.WaitForExitAsync();
        _server.Dispose();
        _server = null;
    }

    private async Task RunAsync(int port)
    {
        _server = Start("postgres",
        [
            "-D", Path.Combine(_folder, "data"), "-p", port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
            "-c", $"unix_socket_directories={_folder}", "-c", "max_connections=300",
        ]);
        // Nobody reads its log; a full pipe would hold it up.
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        await AcceptsAsync(port);
    }

    private async Task AcceptsAsync(int port)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await (await ConnectAsync(port)).DisposeAsync();
                return;
            }
            catch (NpgsqlException) when (!_server!.HasExited && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static async Task<NpgsqlConnection> ConnectAsync(int port)
    {
        var connection = new NpgsqlConnection(
            string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=drover;Database=postgres;Pooling=false"));
        await connection.OpenAsync();
        return connection;
    }

    private Process Start(string program, string[] arguments)
    {
        string path = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin", program)).Last(File.Exists)
            : program;
        // setpriv replaces itself by the program, whose process id is then the one we know.
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
