using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Run;

/// <summary>
/// Writes jobs' output: one job's byte for byte; of several whole lines, each after its server's name. On a terminal a
/// passing line may stand below it, which gives way to output.
/// </summary>
internal sealed class LineOutput : IDisposable
{
    private static readonly byte[] Newline = "\n"u8.ToArray();
    private static readonly byte[] EraseLine = "\r\e[2K"u8.ToArray();
    private static readonly string[] Colours = ["36", "35", "34", "33", "32", "96", "95", "94"];

    private readonly Screen _screen;
    private readonly IReadOnlyList<RunTarget> _targets;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly byte[][]? _prefixes;
    private readonly Dictionary<(int Job, LogStream Stream), MemoryStream> _partial = [];
    private readonly int[] _attempts;
    private bool _passing;
    private bool _begun;

    public LineOutput(Screen screen, IReadOnlyList<RunTarget> targets)
    {
        (_screen, _targets, _attempts) = (screen, targets, new int[targets.Count]);
        if (targets.Count == 1)
            return;
        int width = targets.Max(target => target.Server.Length);
        bool colour = !Console.IsOutputRedirected && Screen.WantsColour;
        _prefixes = [.. targets.Select((target, i) => Prefix(target.Server.PadRight(width), colour ? Colours[i % Colours.Length] : null))];
    }

    /// <summary>Writes a piece of a job's output.</summary>
    public async Task WriteAsync(int job, LogEntry entry, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            Clear();
            if (_screen.Json)
                WriteJson(job, entry);
            else
                WriteText(job, entry);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Shows a passing line, where that disturbs nothing: on a terminal, and never in a line that a job has begun.</summary>
    public void Pass(string? text)
    {
        if (_screen.Json || Console.IsErrorRedirected || !Screen.WantsAnsi || !_turn.Wait(0))
            return;
        try
        {
            Clear();
            if (text is null || (_begun && _prefixes is null))
                return;
            StandardStream.Error.Write(Encoding.UTF8.GetBytes(Grey(Words.Short(Words.Plain(text), Math.Max(10, Console.WindowWidth - 1)))));
            _passing = true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Keeps output back while somebody is asked something.</summary>
    public async Task<IDisposable> HoldAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        Clear();
        return new Held(_turn);
    }

    /// <summary>Writes last lines that had no end; not when somebody is being asked, who has decided to leave.</summary>
    public async Task FlushAsync()
    {
        if (!await _turn.WaitAsync(TimeSpan.FromMilliseconds(100)))
            return;
        Clear();
        foreach (var ((job, stream), partial) in _partial)
        {
            if (partial.Length > 0)
                WriteLine(job, stream, partial, []);
        }

        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

    private static byte[] Prefix(string name, string? colour) => Encoding.UTF8.GetBytes(colour is null ? $"{name} | " : $"\e[{colour}m{name} |\e[0m ");

    private static string Grey(string text) => Screen.WantsColour ? $"\e[90m{text}\e[0m" : text;

    private void Clear()
    {
        if (_passing)
            StandardStream.Error.Write(EraseLine);
        _passing = false;
    }

    private void WriteJson(int job, LogEntry entry)
    {
        // Bytes that are text are shown as text; others stay as they are, in base64.
        if (entry.Data is { } data && Utf8.IsValid(data))
            entry = entry with { Text = Encoding.UTF8.GetString(data), Data = null };
        string json = JsonSerializer.Serialize(entry, DroverClient.TypeInfo<LogEntry>());
        Console.Out.WriteLine($"{{\"job_id\":\"{_targets[job].Id}\",{json[1..]}");
    }

    private void WriteText(int job, LogEntry entry)
    {
        if (entry.Attempt > _attempts[job])
        {
            if (_attempts[job] > 0 || entry.Attempt > 1)
                Note(job, $"attempt {entry.Attempt}");
            _attempts[job] = entry.Attempt;
        }

        byte[] data = entry.Data ?? [];
        if (entry.Stream == LogStream.Gap)
            Note(job, $"{Words.Bytes(entry.DroppedBytes ?? 0)} of output were not kept here");
        else if (entry.Stream == LogStream.System)
            Note(job, Encoding.UTF8.GetString(data).TrimEnd());
        else if (_prefixes is null)
            Write(entry.Stream, data);
        else
            WriteLines(job, entry.Stream, data);
    }

    private void Note(int job, string text) => _screen.Note(_prefixes is null ? $"drover: {text}" : $"drover: {_targets[job].Server}: {text}");

    private void WriteLines(int job, LogStream stream, ReadOnlySpan<byte> bytes)
    {
        if (!_partial.TryGetValue((job, stream), out var partial))
            _partial.Add((job, stream), partial = new());
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
            WriteLine(job, stream, partial, bytes[..end]);
        partial.Write(bytes);
        // A line without end must not fill the memory.
        if (partial.Length > 64 * 1024)
            WriteLine(job, stream, partial, []);
    }

    private void WriteLine(int job, LogStream stream, MemoryStream partial, ReadOnlySpan<byte> rest)
    {
        byte[] line = [.. _prefixes![job], .. partial.GetBuffer().AsSpan(0, (int)partial.Length), .. rest, .. Newline];
        partial.SetLength(0);
        Write(stream, line);
    }

    private void Write(LogStream stream, ReadOnlySpan<byte> bytes)
    {
        _begun = true;
        (stream == LogStream.Stderr ? StandardStream.Error : StandardStream.Output).Write(bytes);
    }

    private sealed class Held(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}

/// <summary>A job that was submitted, and where it runs.</summary>
internal sealed record RunTarget(Guid Id, string Server);
