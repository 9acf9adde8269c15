using System.Diagnostics;
using System.Text;

namespace Drover.EndToEnd.Program;

/// <summary>The built program, run as a user runs it: as a process of its own.</summary>
internal static class DroverProgram
{
    /// <summary><c>DROVER_PROGRAM</c>, else <c>out/drover</c> above the test's own folder.</summary>
    public static string File { get; } = Find();

    /// <summary>A start with only what is given: nothing of the settings of whoever runs the tests reaches it.</summary>
    public static ProcessStartInfo Start(string folder, params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(File, args)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] settings = [.. start.Environment.Keys.Where(name => name.StartsWith("DROVER_", StringComparison.Ordinal) && name != "DROVER_PROGRAM")];
        foreach (string name in settings)
            start.Environment.Remove(name);
        return start;
    }

    /// <summary>The same on a terminal of its own, which script makes (bsdutils, on every Debian).</summary>
    public static ProcessStartInfo StartOnTerminal(string folder, params IEnumerable<string> args)
    {
        var start = Start(folder);
        start.FileName = "script";
        start.ArgumentList.Add("-qfec");
        start.ArgumentList.Add($"stty cols 120 rows 40; exec {string.Join(' ', args.Prepend(File).Select(arg => $"'{arg}'"))}");
        start.ArgumentList.Add("/dev/null");
        start.Environment["TERM"] = "xterm-256color";
        return start;
    }

    /// <summary>Runs a verb to its end.</summary>
    public static async Task<Ended> RunAsync(string folder, string[] args, byte[]? input = null)
    {
        await using var running = new RunningProgram(Start(folder, args));
        if (input is not null)
            await running.Process.StandardInput.BaseStream.WriteAsync(input);
        running.Process.StandardInput.Close();
        return await running.EndAsync();
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("DROVER_PROGRAM") is { Length: > 0 } given)
            return given;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string file = Path.Combine(folder.FullName, "out", "drover");
            if (System.IO.File.Exists(file))
                return file;
        }

        throw new InvalidOperationException("There is no built program: run ./dev build, or give its path in DROVER_PROGRAM.");
    }
}

/// <summary>How a verb ended, byte for byte.</summary>
internal sealed record Ended(int Code, byte[] Out, byte[] Error)
{
    public string Text => Encoding.UTF8.GetString(Out);

    public string ErrorText => Encoding.UTF8.GetString(Error);

    public override string ToString() => $"exit {Code}\nstdout: {Text}\nstderr: {ErrorText}";
}
