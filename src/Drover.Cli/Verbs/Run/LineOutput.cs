using System.Text;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs.Run;

/// <summary>Writes jobs' output: one job's byte for byte; of several whole lines, each after its server's name.</summary>
internal sealed class LineOutput : IDisposable
{
    private static readonly byte[] Newline = "\n"u8.ToArray();
    private static readonly string[] Colours = ["36", "35", "34", "33", "32", "96", "95", "94"];

    private readonly Stream _stdout = Console.OpenStandardOutput();
    private readonly Stream _stderr = Console.OpenStandardError();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly byte[][]? _prefixes;
    private readonly Dictionary<(int Job, LogStream Stream), MemoryStream> _partial = [];

    /// <param name="servers">The servers' names when there are several; null for one job.</param>
    public LineOutput(IEnumerable<string>? servers)
    {
        if (servers?.ToList() is not { } names)
            return;
        int width = names.Max(name => name.Length);
        bool colour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        _prefixes = [.. names.Select((name, i) => Encoding.UTF8.GetBytes(colour ? $"\e[{Colours[i % Colours.Length]}m{name.PadRight(width)} |\e[0m " : $"{name.PadRight(width)} | "))];
    }

    public async Task WriteAsync(int job, LogEntry entry, Screen screen)
    {
        await _turn.WaitAsync();
        try
        {
            if (screen.Json)
                Screen.PrintJsonLine(entry);
            else if (entry.Stream == LogStream.Gap)
                screen.Note($"[… {entry.DroppedBytes} bytes of output were not kept …]");
            else if (entry.Stream == LogStream.System)
                screen.Note("drover: " + Encoding.UTF8.GetString(entry.Data ?? []));
            else if (_prefixes is null)
                Write(entry.Stream, entry.Data ?? []);
            else
                WriteLines(job, entry.Stream, entry.Data ?? []);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes last lines that had no end.</summary>
    public async Task FlushAsync()
    {
        await _turn.WaitAsync();
        foreach (var ((job, stream), partial) in _partial)
        {
            if (partial.Length > 0)
                WriteLine(job, stream, partial, []);
        }

        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

    private void WriteLines(int job, LogStream stream, ReadOnlySpan<byte> bytes)
    {
        if (!_partial.TryGetValue((job, stream), out var partial))
            _partial.Add((job, stream), partial = new());
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
            WriteLine(job, stream, partial, bytes[..end]);
        partial.Write(bytes);
    }

    private void WriteLine(int job, LogStream stream, MemoryStream partial, ReadOnlySpan<byte> rest)
    {
        byte[] line = [.. _prefixes![job], .. partial.GetBuffer().AsSpan(0, (int)partial.Length), .. rest, .. Newline];
        partial.SetLength(0);
        Write(stream, line);
    }

    private void Write(LogStream stream, ReadOnlySpan<byte> bytes)
    {
        var to = stream == LogStream.Stderr ? _stderr : _stdout;
        to.Write(bytes);
        to.Flush();
    }
}
