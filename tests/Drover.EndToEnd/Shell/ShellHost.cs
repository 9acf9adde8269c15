using System.Diagnostics;
using Drover.Jobs;
using Drover.Servers;
using Drover.Workers;

namespace Drover.EndToEnd.Shell;

/// <summary>A place where jobs run: what the common tests of commands and scripts need of it.</summary>
public abstract class ShellHost
{
    public abstract IJobExecutor Executor { get; }

    public abstract ExecutionTarget Target { get; }

    public static JobSpec Command(string command, string? argsText = null, string[]? args = null, TimeSpan? timeout = null) => new()
    {
        Kind = JobKind.Command,
        Timeout = timeout ?? TimeSpan.FromSeconds(60),
        Shell = new() { ServerId = "s", ServerName = "s", Command = command, ArgsText = argsText, Args = args },
    };

    public static JobSpec Script(string script, string? argsText = null, string[]? args = null, TimeSpan? timeout = null) => new()
    {
        Kind = JobKind.Script,
        Timeout = timeout ?? TimeSpan.FromSeconds(60),
        Shell = new() { ServerId = "s", ServerName = "s", Script = script, ArgsText = argsText, Args = args },
    };

    public RunContext Context(JobSpec spec) => new(spec, Target);

    public async Task<(RunContext Run, AttemptOutcome Outcome)> RunAsync(JobSpec spec)
    {
        RunContext context = Context(spec);
        AttemptOutcome outcome = await Executor.ExecuteAsync(context);
        return (context, outcome);
    }

    /// <summary>Runs and expects success; answers what was printed.</summary>
    public async Task<string> PrintAsync(JobSpec spec)
    {
        (RunContext run, AttemptOutcome outcome) = await RunAsync(spec);
        Assert.True(outcome.Kind == OutcomeKind.Completed, $"{outcome}\nstdout: {run.Text}\nstderr: {run.ErrorText}");
        return run.Text;
    }

    /// <summary>The living processes of this machine whose command line or environment holds the mark.</summary>
    public static IReadOnlyList<string> Marked(string mark)
    {
        var found = new List<string>();
        foreach (string folder in Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                string line = File.ReadAllText(folder + "/cmdline").Replace('\0', ' ');
                string environment = File.ReadAllText(folder + "/environ");
                string state = File.ReadAllText(folder + "/stat");
                if ((line + environment).Contains(mark, StringComparison.Ordinal) && state[(state.LastIndexOf(')') + 2)] != 'Z')
                    found.Add($"{Path.GetFileName(folder)}: {line}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }

        return found;
    }

    public static async Task NothingLeftAsync(string mark) =>
        await Until.TrueAsync(() => Marked(mark).Count == 0, () => "Still there:\n" + string.Join('\n', Marked(mark)));

    /// <summary>Runs a program of this machine; answers its exit code and output.</summary>
    public static async Task<(int Code, string Output)> ToolAsync(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
