using System.CommandLine;
using System.Text;
using Drover.Cli.Client;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Run;

/// <summary><c>drover run</c> and <c>drover script</c>: submit, follow, exit with the job's own code.</summary>
internal static class RunVerb
{
    public static Command Run()
    {
        var options = new RunOptions();
        var words = new Argument<string[]>("COMMAND") { Arity = ArgumentArity.OneOrMore, Description = "after --; one word alone is shell text ('ps aux | head'), of several each reaches the program unchanged" };
        return Verb.Make("run", "run a command, watch its output, exit with its exit code",
            "drover run -- uname -a\ndrover run --on web-1 -- df -h /\ndrover run --tag web --timeout 1m -- 'systemctl is-active nginx || journalctl -u nginx | tail'", [.. options.All, words])
            .Usage("drover run [--on SERVER | --tag TAG | --local] [options] -- COMMAND...")
            .Calls(async (parsed, call) =>
            {
                string[] command = parsed.GetRequiredValue(words);
                var job = options.Read(parsed) with
                {
                    Command = command[0],
                    Args = command.Length > 1 ? new JobArgs(command[1..]) : null,
                    Stdin = await InputAsync(options.TakesInput(parsed), call),
                };
                return await SubmitAsync(call, job, options, parsed);
            });
    }

    public static Command Script()
    {
        var options = new RunOptions();
        var file = new Argument<string>("FILE") { Description = "the script's file, or - for standard input" };
        var args = new Argument<string[]>("ARGS") { Arity = ArgumentArity.ZeroOrMore, Description = "the script's arguments, after --" };
        return Verb.Make("script", "run a script, watch its output, exit with its exit code",
            "drover script --on web-1 deploy.sh -- v2.4.1\ndrover script --tag web --shell /bin/bash - < check.sh", [.. options.All, file, args])
            .Usage("drover script [--on SERVER | --tag TAG | --local] [options] FILE [-- ARGS...]")
            .Calls(async (parsed, call) =>
            {
                string path = parsed.GetRequiredValue(file);
                if (path == "-" && options.TakesInput(parsed))
                    throw new UsageException("Standard input cannot be both the script and the job's input.");
                var job = options.Read(parsed);
                job = job with
                {
                    Name = job.Name ?? (path == "-" ? null : Path.GetFileName(path)),
                    Script = await ScriptAsync(path, call),
                    Args = parsed.GetValue(args) is { Length: > 0 } list ? new JobArgs(list) : null,
                    Stdin = await InputAsync(options.TakesInput(parsed), call),
                };
                return await SubmitAsync(call, job, options, parsed);
            });
    }

    /// <summary>Follows a job that was just made of another, or says its id.</summary>
    public static async Task<int> FollowNewAsync(Call call, JobResponse job, bool detach)
    {
        if (detach)
            return call.Screen.Answer(job, made => made.Id.ToString());
        using var follower = new Follower(call, [new(job.Id, job.ServerName ?? "")]);
        return await follower.RunAsync();
    }

    private static async Task<int> SubmitAsync(Call call, JobBulkRequest job, RunOptions options, ParseResult parsed)
    {
        var names = (await Resolve.ServersAsync(call, options.Servers(parsed))).Select(server => server.Name).ToList();
        var tags = options.Tags(parsed);
        if (tags.Count == 0 && names.Count <= 1)
        {
            var created = await call.Client.CreateAsync<JobRequest, JobResponse>("jobs", Single(job, names.FirstOrDefault("local")), call.Cancel);
            return await FollowNewAsync(call, created, options.Detach(parsed));
        }

        var many = job with { ServerIds = names.Count > 0 ? names : null, ServerTags = tags.Count > 0 ? tags : null };
        var batch = await call.Client.CreateAsync<JobBulkRequest, JobBulkResponse>("jobs/bulk", many, call.Cancel);
        if (options.Detach(parsed))
            return call.Screen.Answer(batch, made => string.Join('\n', made.Ids));
        using var follower = new Follower(call, [.. batch.Jobs.Select(item => new RunTarget(item.Id, item.ServerName ?? ""))]);
        return await follower.RunAsync();
    }

    /// <summary>The same job without the fields of a fan-out, which the endpoint for one job does not know.</summary>
    public static JobRequest Single(JobBulkRequest job, string server) => new()
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
        After = job.After,
        UniqueKey = job.UniqueKey,
        Unique = job.Unique,
        Tags = job.Tags,
        WorkerLabels = job.WorkerLabels,
    };

    public static async Task<string> ScriptAsync(string path, Call call)
    {
        try
        {
            return Text(path == "-" ? await ReadInputAsync(call.Cancel) : await File.ReadAllBytesAsync(path, call.Cancel), $"The script {path}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The script {path} cannot be read: {unreadable.Message}");
        }
    }

    private static async Task<string?> InputAsync(bool wanted, Call call) => wanted ? Text(await ReadInputAsync(call.Cancel), "The input") : null;

    private static string Text(byte[] bytes, string what)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (ArgumentException)
        {
            throw new UsageException($"{what} is not UTF-8 text, which is all that a job can be given. (base64 before, and base64 -d in the job, carries anything.)");
        }
    }

    private static async Task<byte[]> ReadInputAsync(CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(bytes, cancel);
        return bytes.ToArray();
    }
}
