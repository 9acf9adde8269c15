using System.CommandLine;
using System.Text;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Run;

/// <summary><c>drover run</c> and <c>drover script</c>: submit, follow, exit with the job's own code.</summary>
internal static class RunVerb
{
    public static Command Run()
    {
        var options = new RunOptions();
        var words = new Argument<string[]>("COMMAND") { Arity = ArgumentArity.OneOrMore, Description = "the command, after --; one word is shell text ('ps aux | head'), of several each reaches the program unchanged" };
        return Verb.Make("run", "run a command, watch its output, exit with its exit code", "drover run --on web-1 -- df -h /", [.. options.All, words])
            .Calls(async (parsed, call) =>
            {
                string[] command = parsed.GetRequiredValue(words);
                // Not an option of ours, so the parser took it for the command.
                if (command[0].StartsWith('-'))
                    throw new UsageException($"There is no option '{command[0]}'. `drover run --help` tells more.");
                var job = options.Read(parsed, await InputAsync(options.TakesInput(parsed), call)) with
                {
                    Command = command[0],
                    Args = command.Length > 1 ? new JobArgs(command[1..]) : null,
                };
                return await SubmitAsync(call, job, options, parsed);
            });
    }

    public static Command Script()
    {
        var options = new RunOptions();
        var file = new Argument<string>("FILE") { Description = "the script's file, or - for standard input" };
        var args = new Argument<string[]>("ARGS") { Arity = ArgumentArity.ZeroOrMore, Description = "the script's arguments, after --" };
        return Verb.Make("script", "run a script, watch its output, exit with its exit code", "drover script --tag web --timeout 10m deploy.sh -- v2.4.1", [.. options.All, file, args])
            .Calls(async (parsed, call) =>
            {
                string path = parsed.GetRequiredValue(file);
                if (path == "-" && options.TakesInput(parsed))
                    throw new UsageException("Standard input cannot be both the script and the job's input.");
                var job = options.Read(parsed, await InputAsync(options.TakesInput(parsed), call)) with
                {
                    Script = await ScriptAsync(path, call),
                    Args = parsed.GetValue(args) is { Length: > 0 } list ? new JobArgs(list) : null,
                };
                return await SubmitAsync(call, job with { Name = job.Name ?? (path == "-" ? null : Path.GetFileName(path)) }, options, parsed);
            });
    }

    private static async Task<int> SubmitAsync(Call call, JobBulkRequest job, RunOptions options, ParseResult parsed)
    {
        var names = options.Servers(parsed);
        var tags = options.Tags(parsed);
        if (options.Local(parsed))
            names = [.. names, "local"];
        foreach (string name in names)
            await Resolve.ServerAsync(call, name);

        IReadOnlyList<RunTarget> targets;
        if (tags.Count == 0 && names.Count <= 1)
        {
            var created = await call.Client.SendAsync<JobRequest, JobResponse>(HttpMethod.Post, "jobs", Single(job, names.Count > 0 ? names[0] : "local"), call.Cancel);
            targets = [new(created.Id, created.ServerName ?? "")];
        }
        else
        {
            var many = job with { ServerIds = names.Count > 0 ? names : null, ServerTags = tags.Count > 0 ? tags : null };
            var created = await call.Client.SendAsync<JobBulkRequest, JobBulkResponse>(HttpMethod.Post, "jobs/bulk", many, call.Cancel);
            targets = [.. created.Jobs.Select(item => new RunTarget(item.Id, item.ServerName ?? ""))];
        }

        if (!options.Detach(parsed))
        {
            using var follower = new Follower(call, targets);
            return await follower.RunAsync();
        }

        foreach (var target in targets)
        {
            if (call.Screen.Json)
                Screen.PrintJsonLine(await call.Client.GetAsync<JobResponse>($"jobs/{target.Id}", call.Cancel));
            else
                call.Screen.Line(target.Id.ToString());
        }

        return 0;
    }

    /// <summary>The same job without the fields of a fan-out, which the endpoint for one job does not know.</summary>
    private static JobRequest Single(JobBulkRequest job, string server) => new()
    {
        Command = job.Command,
        Script = job.Script,
        Args = job.Args,
        ServerId = server,
        Shell = job.Shell,
        Env = job.Env,
        WorkingDir = job.WorkingDir,
        Stdin = job.Stdin,
        Pty = job.Pty,
        Unbuffered = job.Unbuffered,
        Name = job.Name,
        Queue = job.Queue,
        Priority = job.Priority,
        Timeout = job.Timeout,
        MaxAttempts = job.MaxAttempts,
        RunAt = job.RunAt,
        Delay = job.Delay,
        Tags = job.Tags,
        WorkerLabels = job.WorkerLabels,
    };

    private static async Task<string> ScriptAsync(string path, Call call)
    {
        try
        {
            byte[] bytes = path == "-" ? await ReadInputAsync(call.Cancel) : await File.ReadAllBytesAsync(path, call.Cancel);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (ArgumentException)
        {
            throw new UsageException($"The script {path} is not UTF-8 text.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The script {path} cannot be read: {unreadable.Message}");
        }
    }

    private static async Task<string?> InputAsync(bool wanted, Call call) =>
        wanted ? Encoding.UTF8.GetString(await ReadInputAsync(call.Cancel)) : null;

    private static async Task<byte[]> ReadInputAsync(CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(bytes, cancel);
        return bytes.ToArray();
    }
}

/// <summary>A job that was submitted, and where it runs.</summary>
internal sealed record RunTarget(Guid Id, string Server);
