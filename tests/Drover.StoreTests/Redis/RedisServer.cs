using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Drover.StoreTests.Redis;

/// <summary>A redis-server of the test's own: a temp folder, a free port of the loopback address, every change on disk.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _directory;
    private readonly string[] _settings;
    private Process? _process;

    private RedisServer(string[] settings, string? parent = null)
    {
        _settings = settings;
        _directory = Directory.CreateDirectory(Path.Combine(parent ?? Path.GetTempPath(), "drover-redis-" + Guid.NewGuid().ToString("n"))).FullName;
    }

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process is null or { HasExited: true };

    public int Port { get; } = FreePort();

    public string Url => $"redis://127.0.0.1:{Port}";

    public static Task<RedisServer> StartAsync(params string[] settings) => StartInAsync(null, settings);

    /// <param name="parent">Where its folder is made; null for the usual place.</param>
    /// <param name="settings">More words of its command line.</param>
    public static async Task<RedisServer> StartInAsync(string? parent, params string[] settings)
    {
        var server = new RedisServer(settings, parent);
        await server.RunAsync();
        return server;
    }

    /// <summary>A sentinel that watches a server under the name <c>drover</c>.</summary>
    public static async Task<RedisServer> StartSentinelAsync(int master)
    {
        var server = new RedisServer([]);
        string file = Path.Combine(server._directory, "sentinel.conf");
        await File.WriteAllTextAsync(file, $"port {server.Port}\nbind 127.0.0.1\ndir {server._directory}\nsentinel monitor drover 127.0.0.1 {master} 1\n");
        await server.RunAsync(file, "--sentinel");
        return server;
    }

    public int BusPort => int.Parse(_settings[Array.IndexOf(_settings, "--cluster-port") + 1], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Sends one command of plain words; the answer as it came.</summary>
    public async Task<string> CommandAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\r\n"));
        byte[] answer = new byte[4096];
        string text = System.Text.Encoding.ASCII.GetString(answer, 0, await client.GetStream().ReadAsync(answer));
        return text.StartsWith('-') ? throw new InvalidOperationException(text) : text;
    }

    /// <summary>Starts it on the files that are there.</summary>
    public Task RunAsync() =>
        RunAsync(["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _directory, "--save", "", "--appendonly", "yes", .. _settings]);

    private async Task RunAsync(params string[] words)
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, WorkingDirectory = _directory };
        foreach (string word in words)
            start.ArgumentList.Add(word);
        _process = Process.Start(start)!;
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!await AnswersAsync(patience.Token))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await KillAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, cancel);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), cancel);
            byte[] answer = new byte[5];
            await client.GetStream().ReadExactlyAsync(answer, cancel);
            return answer.AsSpan().SequenceEqual("+PONG"u8);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
