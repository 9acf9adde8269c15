using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Cli.Verbs.Run;
using Drover.Jobs;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs;

/// <summary><c>drover job …</c></summary>
internal static class JobVerbs
{
    public static Command Make() => Verb.Make("job", "look at jobs and act on them", "drover job list --status failed",
        List(), Show(), Logs(), Wait(), Cancel(), Rerun(), Duplicate(), Retry(), Delete());

    private static Argument<string> Id() => new("ID") { Description = "the job's id, its first letters, or 'last'", CompletionSources = { Completion.Jobs } };

    private static Argument<string[]> Ids() => new("ID") { Arity = ArgumentArity.OneOrMore, Description = "job ids, their first letters, or 'last'", CompletionSources = { Completion.Jobs } };

    private static Command List()
    {
        var status = new Option<string[]>("--status", "-s") { Description = "only in this status; may be given more than once", HelpName = "STATUS", CompletionSources = { Enum.GetValues<JobStatus>().Select(s => s.Name()).ToArray() } };
        var server = new Option<string?>("--server") { Description = "only on this server", HelpName = "SERVER", CompletionSources = { Completion.Servers } };
        var queue = new Option<string?>("--queue", "-q") { Description = "only in this queue", HelpName = "QUEUE", CompletionSources = { Completion.Queues } };
        var tag = new Option<string?>("--tag") { Description = "only with this tag", HelpName = "WORD" };
        var text = new Argument<string?>("TEXT") { Arity = ArgumentArity.ZeroOrOne, Description = "only with this text in the command, script, name or error" };
        var limit = new Option<int>("--limit", "-l") { Description = "at most how many", HelpName = "N", DefaultValueFactory = _ => 20 };
        return Verb.Make("list", "list jobs, latest first", "drover job list --status failed --server web-1", status, server, queue, tag, limit, text)
            .Calls(async (parsed, call) =>
            {
                if (parsed.GetValue(limit) is < 1 or > 500)
                    throw new UsageException("--limit must be 1 to 500.");
                string query = $"jobs?limit={parsed.GetValue(limit)}"
                    + string.Concat((parsed.GetValue(status) ?? []).Select(s => Query("status", s)))
                    + Query("queue", parsed.GetValue(queue)) + Query("tag", parsed.GetValue(tag)) + Query("q", parsed.GetValue(text));
                if (parsed.GetValue(server) is { } name)
                    query += Query("server_id", (await Resolve.ServerAsync(call, name)).Id);
                var page = await call.Client.GetAsync<JobListResponse>(query, call.Cancel);
                if (call.Screen.Json)
                    Screen.PrintJson(page);
                else
                    PrintList(call, page);
                return 0;
            });
    }

    private static void PrintList(Call call, JobListResponse page)
    {
        if (page.Items.Count == 0)
        {
            call.Screen.Note("No jobs. Run one: drover run -- uname -a");
            return;
        }

        var table = Screen.Table("id", "status", "ended", "server", "job", "created", "took");
        foreach (var job in page.Items)
        {
            table.AddRow(job.Id.ToString(), Words.Status(job.Status), Words.Cell(Words.Ending(job)), Words.Cell(job.ServerName ?? job.JobType),
                Words.Cell(Words.Short(job.Name ?? job.Preview, 40)), Words.Ago(job.CreatedAt, Call.Now), Words.Duration(job.Duration));
        }

        call.Screen.Out.Write(table);
        if (page.NextCursor is not null)
            call.Screen.Note("There are more; say --limit, or narrow it down.");
    }

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
        return Verb.Make("logs", "print a job's output", "drover job logs -f last", follow, attempt, id).Calls(async (parsed, call) =>
        {
            var job = await Resolve.JobAsync(call, parsed.GetRequiredValue(id));
            using var output = new LineOutput(null);
            if (parsed.GetValue(follow))
            {
                await foreach (var item in call.Client.FollowAsync(job, 0, parsed.GetValue(attempt), call.Cancel))
                {
                    if (item.Entry is { } entry)
                        await output.WriteAsync(0, entry, call.Screen);
                }

                return 0;
            }

            string only = parsed.GetValue(attempt) is { } n ? $"&attempt={n}" : "";
            for (long after = 0; ;)
            {
                var page = await call.Client.GetAsync<LogPageResponse>($"jobs/{job}/logs?encoding=base64&limit=1000&after={after}{only}", call.Cancel);
                foreach (var entry in page.Entries)
                    await output.WriteAsync(0, entry, call.Screen);
                if (page.Entries.Count == 0)
                    return 0;
                after = page.Next;
            }
        });
    }

    private static Command Wait()
    {
        var ids = Ids();
        return Verb.Make("wait", "wait until jobs end; exit with the first bad job's exit code", "drover job wait last", ids).Calls(async (parsed, call) =>
        {
            int code = 0;
            foreach (string text in parsed.GetRequiredValue(ids))
            {
                var id = await Resolve.JobAsync(call, text);
                await foreach (var item in call.Client.FollowAsync(id, long.MaxValue >> 12, null, call.Cancel))
                {
                    if (item.End is not { } end)
                        continue;
                    if (code == 0)
                        code = Words.ExitCode(end.Status, end.ExitCode, end.Signal, end.Reason);
                }

                var job = await call.Client.GetAsync<JobResponse>($"jobs/{id}", call.Cancel);
                if (call.Screen.Json)
                    Screen.PrintJsonLine(job);
                else
                    call.Screen.Out.MarkupLine($"{id} {Words.Status(job.Status)} {Words.Cell(Words.Ending(job))}");
            }

            return code;
        });
    }

    private static Command Cancel() => Act("cancel", "cancel jobs", "drover job cancel last", JobAction.Cancel, ask: false);

    private static Command Retry() => Act("retry", "put failed jobs back into their queues with fresh attempts", "drover job retry 0198c1", JobAction.Retry, ask: false);

    private static Command Delete() => Act("delete", "delete finished jobs and their output", "drover job delete 0198c1 --yes", JobAction.Delete, ask: true);

    private static Command Act(string name, string description, string example, JobAction action, bool ask)
    {
        var ids = Ids();
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make(name, description, example, ask ? [yes, ids] : [ids]).Calls(async (parsed, call) =>
        {
            var jobs = new List<Guid>();
            foreach (string text in parsed.GetRequiredValue(ids))
                jobs.Add(await Resolve.JobAsync(call, text));
            if (ask && !call.Screen.Confirm($"Delete {Count(jobs.Count)} for good?", parsed.GetValue(yes)))
                return ExitCodes.Other;
            var answer = await call.Client.SendAsync<JobActionRequest, JobActionResponse>(
                HttpMethod.Post, "jobs/actions", new JobActionRequest { Action = action, Ids = jobs }, call.Cancel);
            if (call.Screen.Json)
                Screen.PrintJson(answer);
            else
                call.Screen.Line(Outcome(action, answer));
            return answer.NotEligible + answer.NotFound == 0 ? 0 : ExitCodes.Other;
        });
    }

    private static string Outcome(JobAction action, JobActionResponse answer)
    {
        string done = action switch
        {
            JobAction.Cancel when answer.Accepted > 0 => $"Asked {Count(answer.Accepted)} to end" + (answer.Changed > answer.Accepted ? $", canceled {Count(answer.Changed - answer.Accepted)}." : "; `drover job wait` tells how it went."),
            JobAction.Cancel => $"Canceled {Count(answer.Changed)}.",
            JobAction.Retry => $"Put {Count(answer.Changed)} back.",
            _ => $"Deleted {Count(answer.Changed)}.",
        };
        string rule = action switch
        {
            JobAction.Cancel => "had ended already",
            JobAction.Retry => "had not failed",
            _ => "had not ended",
        };
        return done + (answer.NotEligible > 0 ? $" {Count(answer.NotEligible)} {rule}." : "") + (answer.NotFound > 0 ? $" {Count(answer.NotFound)} not found." : "");
    }

    private static string Count(long n) => n == 1 ? "1 job" : $"{n} jobs";

    private static Command Rerun()
    {
        var id = Id();
        var detach = new Option<bool>("--detach", "-d") { Description = "print the new job's id and leave it to run" };
        return Verb.Make("rerun", "run a finished job again, as a new job, and watch it", "drover job rerun last", detach, id).Calls(async (parsed, call) =>
            await FollowNewAsync(call, await call.Client.PostAsync<JobResponse>($"jobs/{await Resolve.JobAsync(call, parsed.GetRequiredValue(id))}/rerun", call.Cancel), parsed.GetValue(detach)));
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
            double? seconds = parsed.GetValue(timeout) is not { } text ? null
                : Configuration.Units.TryDuration(text, out var duration) ? duration.TotalSeconds
                : throw new UsageException($"--timeout must be {Configuration.Units.DurationForm}, not '{text}'.");
            var request = new JobDuplicateRequest
            {
                ServerId = parsed.GetValue(server) is { } name ? (await Resolve.ServerAsync(call, name)).Id : null,
                Timeout = seconds,
                Priority = parsed.GetValue(priority),
                Args = parsed.GetValue(args) is { } shellText ? new JobArgs(shellText) : null,
                Command = parsed.GetValue(command),
            };
            var origin = await Resolve.JobAsync(call, parsed.GetRequiredValue(id));
            return await FollowNewAsync(call, await call.Client.SendAsync<JobDuplicateRequest, JobResponse>(HttpMethod.Post, $"jobs/{origin}/duplicate", request, call.Cancel), parsed.GetValue(detach));
        });
    }

    private static async Task<int> FollowNewAsync(Call call, JobResponse job, bool detach)
    {
        if (!detach)
        {
            using var follower = new Follower(call, [new(job.Id, job.ServerName ?? "")]);
            return await follower.RunAsync();
        }

        if (call.Screen.Json)
            Screen.PrintJson(job);
        else
            call.Screen.Line(job.Id.ToString());
        return 0;
    }

    private static string Query(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
