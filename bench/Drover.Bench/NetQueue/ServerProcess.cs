using System.Diagnostics;
using System.Globalization;
using Drover.Sqlite;

namespace Drover.Bench.NetQueue;

/// <summary>This program's <c>netqueue serve</c> in a process of its own, whose memory can be told from the callers'.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static ServerProcess Start(Durability durability)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["netqueue", "serve", durability == Durability.Normal ? "normal" : "full", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        var process = Process.Start(start)!;
        string line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server ended before it listened.");
        return new(process, int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }

    /// <summary>Ends the server as it wants to end: when its standard input does.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(20)))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
