using System.ComponentModel;
using System.Diagnostics;
using Drover.Jobs;

namespace Drover.Shell;

/// <summary>Starts commands as processes of this machine.</summary>
internal sealed class LocalTransport(LocalOptions options) : IShellTransport
{
    // A session of its own keeps a Ctrl-C at the worker's terminal away from its jobs.
    private static readonly string? Setsid = FindProgram("setsid");
    private static readonly string? Script = FindProgram("script");

    public TimeSpan KeepaliveInterval => options.KeepaliveInterval;

    public async ValueTask<IShellChannel> StartAsync(ShellCommand command, IShellOutput output, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        // fork and exec take a millisecond or more: not on the caller's thread.
        return await BlockingThreads.Run(() => Start(command, output)).ConfigureAwait(false);
    }

    private LocalChannel Start(ShellCommand command, IShellOutput output)
    {
        var start = new ProcessStartInfo
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = HomeDirectory(),
        };
        foreach (string word in Words(command).Skip(1))
            start.ArgumentList.Add(word);
        start.FileName = Words(command)[0];
        foreach (string name in start.Environment.Keys.Where(IsHidden).ToList())
            start.Environment.Remove(name);
        try
        {
            return new LocalChannel(Process.Start(start)!, output);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new ShellStartException(FailureReasons.PrepareFailed, $"No process could be started on this machine: {e.Message}");
        }
    }

    private static List<string> Words(ShellCommand command)
    {
        List<string> words = ["/bin/sh", "-c", command.Text, "drover", .. command.Args];
        if (command.Pty)
        {
            if (Script is null)
                throw new ShellStartException(FailureReasons.PrepareFailed, "A job on a terminal needs the program script (util-linux) on this machine.", neverRetry: true);
            string line = $"exec sh -c '{command.Text}' drover {string.Join(' ', command.Args)}";
            words = [Script, "-qefc", line, "/dev/null"];
        }

        if (Setsid is not null)
            words.Insert(0, Setsid);
        return words;
    }

    private bool IsHidden(string name) => options.HiddenVariables.Any(hidden => hidden.EndsWith('*')
        ? name.StartsWith(hidden[..^1], StringComparison.Ordinal)
        : name == hidden);

    private static string HomeDirectory()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Directory.Exists(home) ? home : "/";
    }

    private static string? FindProgram(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/bin", "/bin"])
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
