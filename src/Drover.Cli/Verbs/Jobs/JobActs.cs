using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Jobs;

/// <summary>What is done to one job or to many: cancel, retry, delete, rerun.</summary>
internal static class JobActs
{
    public static Command Cancel() => Act("cancel", "cancel jobs", "drover job cancel last\ndrover job cancel --queue import --status queued", JobAction.Cancel, asks: false);

    public static Command Retry() => Act("retry", "put failed jobs back into their queues with fresh attempts", "drover job retry last\ndrover job retry --tag nightly --since 1d", JobAction.Retry, asks: false);

    public static Command Delete() => Act("delete", "delete finished jobs and their output", "drover job delete 0198c1d2-4a7b\ndrover job delete --status completed --until 30d --yes", JobAction.Delete, asks: true);

    public static Command Rerun()
    {
        var detach = new Option<bool>("--detach", "-d") { Description = "print the new job's id and leave it to run" };
        return Act("rerun", "run finished jobs again, as new jobs; one is watched", "drover job rerun last\ndrover job rerun --status failed --server web-1 --since 2h", JobAction.Rerun, asks: false, detach,
            async (call, id, parsed) => await Run.RunVerb.FollowNewAsync(call, await call.Client.CreateAsync<JobResponse>($"jobs/{id}/rerun", () => null, call.Cancel), parsed.GetValue(detach)));
    }

    private static Command Act(string name, string description, string example, JobAction action, bool asks, Option? more = null, Func<Call, Guid, ParseResult, Task<int>>? one = null)
    {
        var ids = new Argument<string[]>("ID") { HelpName = "ID", Arity = ArgumentArity.ZeroOrMore, Description = "job ids, their first letters, or 'last'", CompletionSources = { Completion.Jobs } };
        var filter = new JobFilter();
        var all = new Option<bool>("--all") { Description = "every job" };
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make(name, description, example, [.. filter.All, all, yes, .. more is null ? Array.Empty<Symbol>() : [more], ids])
            .Usage($"drover job {name} ID...\n  drover job {name} [filters | --all] [--yes]")
            .Calls(async (parsed, call) =>
            {
                var which = await filter.ReadAsync(parsed, call);
                string[] named = parsed.GetValue(ids) ?? [];
                bool bulk = which is not null || parsed.GetValue(all);
                if (bulk == named.Length > 0)
                    throw new UsageException(bulk ? "Name jobs, or give filters; not both." : $"Which jobs? Name their ids, or give filters (drover job {name} --help).");
                if (bulk)
                    return await BulkAsync(call, action, which ?? new(), parsed.GetValue(yes));
                var jobs = await Resolve.JobsAsync(call, named);
                if (asks && !call.Screen.Confirm($"Delete {Words.Count(jobs.Count, "job")} and the output for good?", parsed.GetValue(yes)))
                    return ExitCodes.Other;
                return jobs.Count == 1 && one is not null ? await one(call, jobs[0], parsed) : await SendAsync(call, new() { Action = action, Ids = jobs });
            });
    }

    private static async Task<int> BulkAsync(Call call, JobAction action, JobFilterBody filter, bool yes)
    {
        var count = await ActAsync(call, new() { Action = action, Filter = filter, DryRun = true });
        if (count.Changed > 0 && !call.Screen.Confirm($"{Verbs(action).Do} {Words.Count(count.Changed, "job")}?", yes))
            return ExitCodes.Other;
        if (count.Changed > 0)
            return await SendAsync(call, new() { Action = action, Filter = filter });
        return call.Screen.Answer(count, _ => "No job is like that." + (count.NotEligible > 0 ? $" {Left(action, count.NotEligible)}" : ""));
    }

    private static async Task<int> SendAsync(Call call, JobActionRequest request)
    {
        var answer = await ActAsync(call, request);
        call.Screen.Answer(answer, done => Outcome(request.Action, done));
        return request.Ids is null || answer.NotEligible + answer.NotFound == 0 ? 0 : ExitCodes.Other;
    }

    private static Task<JobActionResponse> ActAsync(Call call, JobActionRequest request) =>
        call.Client.SendAsync<JobActionRequest, JobActionResponse>(HttpMethod.Post, "jobs/actions", request, call.Cancel);

    private static string Outcome(JobAction action, JobActionResponse answer)
    {
        long atOnce = answer.Changed - answer.Accepted;
        var parts = new List<string>();
        if (answer.Accepted > 0)
            parts.Add($"Asked {Words.Count(answer.Accepted, "running job")} to end; `drover job wait` tells how it went.");
        if (atOnce > 0 || answer.Accepted + answer.NotEligible + answer.NotFound == 0)
            parts.Add($"{Verbs(action).Done} {Words.Count(atOnce, "job")}.");
        if (answer.NotEligible > 0)
            parts.Add(Left(action, answer.NotEligible));
        if (answer.NotFound > 0)
            parts.Add($"{Words.Count(answer.NotFound, "job")} {(answer.NotFound == 1 ? "is" : "are")} not there.");
        if (answer.NewIds is { Count: > 0 } made)
            parts.Add("\n" + string.Join('\n', made));
        return string.Join(' ', parts);
    }

    private static string Left(JobAction action, long n) => $"{Words.Count(n, "job")} left alone: " + action switch
    {
        JobAction.Cancel => "ended already.",
        JobAction.Retry => "only failed jobs can be retried.",
        _ => "not finished.",
    };

    private static (string Do, string Done) Verbs(JobAction action) => action switch
    {
        JobAction.Cancel => ("Cancel", "Canceled"),
        JobAction.Retry => ("Retry", "Put back"),
        JobAction.Rerun => ("Run again", "Submitted again"),
        _ => ("Delete for good", "Deleted"),
    };
}
