using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Cli.Verbs.Run;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Jobs;

/// <summary><c>drover job …</c></summary>
internal static class JobVerbs
{
    public static Command Make() => Verb.Make("job", "look at jobs and act on them", "drover job list --status failed",
        JobList.Make(), Show(), Logs(), Wait(), JobActs.Cancel(), JobActs.Rerun(), Duplicate(), JobActs.Retry(), JobCheck.Make(), Edit(), JobActs.Delete());

    private static Argument<string> Id() => new("ID") { HelpName = "ID", Description = "the job's id, its first letters, or 'last'", CompletionSources = { Completion.Jobs } };

    private static Command Show()
    {
        var id = Id();
        return Verb.Make("show", "show a job in full", "drover job show last", id).Calls(async (parsed, call) =>
        {
            var job = await call.Client.GetAsync<JobResponse>($"jobs/{await Resolve.JobAsync(call, parsed.GetRequiredValue(id))}", call.Cancel);
            if (call.Screen.Json)
                Screen.PrintJson(job);
            else
                JobDetails.Print(call.Screen, job);
            return 0;
        });
    }

    private static Command Logs()
    {
        var id = Id();
        var follow = new Option<bool>("--follow", "-f") { Description = "go on until the job ends" };
        var attempt = new Option<int?>("--attempt") { Description = "only this attempt", HelpName = "N" };
        var stream = new Option<string?>("--stream") { Description = "only stdout, or only stderr", HelpName = "STREAM" };
        stream.AcceptOnlyFromAmong("stdout", "stderr");
        return Verb.Make("logs", "print a job's output: stdout to stdout, stderr to stderr, byte for byte", "drover job logs -f last", follow, attempt, stream, id).Calls(async (parsed, call) =>
        {
            var job = await Resolve.JobAsync(call, parsed.GetRequiredValue(id));
            using var output = new LineOutput(call.Screen, [new(job, "")]);
            if (parsed.GetValue(follow))
            {
                var log = new JobLog(call.Client, job) { Attempt = parsed.GetValue(attempt), Stream = parsed.GetValue(stream), Lost = call.Screen.Note };
                await foreach (var item in log.FollowAsync(call.Cancel))
                {
                    if (item.Entry is { } entry)
                        await output.WriteAsync(0, entry, call.Cancel);
                }

                return 0;
            }

            string only = (parsed.GetValue(attempt) is { } n ? $"&attempt={n}" : "") + JobFilter.Pair("stream", parsed.GetValue(stream));
            for (long after = 0; ;)
            {
                var page = await call.Client.GetAsync<LogPageResponse>($"jobs/{job}/logs?encoding=base64&limit=100&after={after}{only}", call.Cancel);
                foreach (var entry in page.Entries)
                    await output.WriteAsync(0, entry, call.Cancel);
                if (page.Entries.Count == 0)
                    return 0;
                after = page.Next;
            }
        });
    }

    private static Command Wait()
    {
        var ids = new Argument<string[]>("ID") { HelpName = "ID", Arity = ArgumentArity.OneOrMore, Description = "job ids, their first letters, or 'last'", CompletionSources = { Completion.Jobs } };
        return Verb.Make("wait", "wait until jobs end; exit with the first bad job's exit code", "drover job wait last", ids).Calls(async (parsed, call) =>
        {
            int code = 0;
            foreach (var id in await Resolve.JobsAsync(call, parsed.GetRequiredValue(ids)))
            {
                // From the far end of its output: only the end is of interest.
                var log = new JobLog(call.Client, id) { After = long.MaxValue >> 12, Lost = call.Screen.Note };
                await foreach (var item in log.FollowAsync(call.Cancel))
                {
                    if (code == 0 && item.End is { } end)
                        code = Words.ExitCode(end.Status, end.ExitCode, end.Signal, end.Reason);
                }

                var job = await call.Client.GetAsync<JobResponse>($"jobs/{id}", call.Cancel);
                if (call.Screen.Json)
                    Screen.PrintJsonLine(job);
                else
                    call.Screen.Write(new Spectre.Console.Markup($"{id} {Words.Status(job)}\n"));
            }

            return code;
        });
    }

    private static Command Duplicate()
    {
        var id = Id();
        var server = new Option<string?>("--on") { Description = "another server", HelpName = "SERVER", CompletionSources = { Completion.Servers } };
        var timeout = new Option<string?>("--timeout", "-t") { Description = "another timeout", HelpName = "DURATION" };
        var priority = new Option<int?>("--priority", "-p") { Description = "another priority", HelpName = "N" };
        var args = new Option<string?>("--args") { Description = "other arguments, as shell text", HelpName = "TEXT" };
        var command = new Option<string?>("--command") { Description = "another command", HelpName = "COMMAND" };
        var detach = new Option<bool>("--detach", "-d") { Description = "print the new job's id and leave it to run" };
        return Verb.Make("duplicate", "run a job again with changes", "drover job duplicate last --on web-2", server, timeout, priority, args, command, detach, id).Calls(async (parsed, call) =>
        {
            var request = new JobDuplicateRequest
            {
                ServerId = parsed.GetValue(server) is { } name ? (await Resolve.ServerAsync(call, name)).Id : null,
                Timeout = parsed.Seconds(timeout),
                Priority = parsed.GetValue(priority),
                Args = parsed.GetValue(args) is { } text ? new JobArgs(text) : null,
                Command = parsed.GetValue(command),
            };
            var origin = await Resolve.JobAsync(call, parsed.GetRequiredValue(id));
            var job = await call.Client.CreateAsync<JobDuplicateRequest, JobResponse>($"jobs/{origin}/duplicate", request, call.Cancel);
            return await RunVerb.FollowNewAsync(call, job, parsed.GetValue(detach));
        });
    }

    private static Command Edit()
    {
        var id = Id();
        var priority = new Option<int?>("--priority", "-p") { Description = "1 (first) to 10 (last)", HelpName = "N" };
        var at = new Option<string?>("--at") { Description = "not before this time", HelpName = "TIME" };
        return Verb.Make("edit", "change the priority or the time of a job that waits", "drover job edit last --priority 1", priority, at, id).Calls(async (parsed, call) =>
        {
            var request = new JobUpdateRequest { Priority = parsed.GetValue(priority), RunAt = parsed.Future(at) };
            if (request == new JobUpdateRequest())
                throw new UsageException("Say what to change: --priority, --at or both.");
            var job = await Resolve.JobAsync(call, parsed.GetRequiredValue(id));
            return call.Screen.Answer(await call.Client.SendAsync<JobUpdateRequest, JobResponse>(HttpMethod.Patch, $"jobs/{job}", request, call.Cancel),
                changed => $"{changed.Id} is {changed.Status.Name()} with priority {changed.Priority}" + (changed.RunAt is { } due ? $", due {Words.Ago(due, Call.Now)}." : "."));
        });
    }
}
