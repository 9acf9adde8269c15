using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Jobs;

/// <summary><c>drover job list</c></summary>
internal static class JobList
{
    private static readonly Dictionary<string, string> Sorts = new()
    {
        ["newest"] = "-created_at",
        ["oldest"] = "created_at",
        ["finished"] = "-finished_at",
        ["priority"] = "priority",
    };

    public static Command Make()
    {
        var filter = new JobFilter();
        var text = new Argument<string?>("TEXT") { Arity = ArgumentArity.ZeroOrOne, Description = "the same as --text" };
        var sort = new Option<string>("--sort") { Description = "newest, oldest, finished or priority", HelpName = "ORDER", DefaultValueFactory = _ => "newest" };
        sort.AcceptOnlyFromAmong([.. Sorts.Keys]);
        var limit = new Option<int>("--limit", "-l") { Description = "at most how many, up to 500", HelpName = "N", DefaultValueFactory = _ => 20 };
        var cursor = new Option<string?>("--cursor") { Description = "go on where a page ended: the next_cursor of its JSON", HelpName = "CURSOR" };
        return Verb.Make("list", "list jobs, latest first", "drover job list --status failed --since 1d\ndrover job list nginx --server web-1", [.. filter.All, sort, limit, cursor, text])
            .Calls(async (parsed, call) =>
            {
                if (parsed.GetValue(limit) is < 1 or > 500)
                    throw new UsageException("--limit must be 1 to 500.");
                var which = await filter.ReadAsync(parsed, call);
                if (parsed.GetValue(text) is { } word)
                    which = (which ?? new()) with { Q = word };
                var page = await call.Client.GetAsync<JobListResponse>(
                    $"jobs?limit={parsed.GetValue(limit)}&sort={Sorts[parsed.GetValue(sort)!]}{JobFilter.Query(which)}{JobFilter.Pair("cursor", parsed.GetValue(cursor))}", call.Cancel);
                if (call.Screen.Json)
                    Screen.PrintJson(page);
                else
                    Print(call, page, filtered: which is not null);
                return 0;
            });
    }

    /// <summary>Of each id as much as tells it from the others of a list: at least the time in it.</summary>
    public static IReadOnlyList<string> ShortIds(IEnumerable<Guid> ids)
    {
        string[] full = [.. ids.Select(id => id.ToString())];
        for (int length = 13; length < 36; length++)
        {
            if (full.Select(id => id[..length]).Distinct().Count() == full.Length)
                return [.. full.Select(id => id[..length].TrimEnd('-'))];
        }

        return full;
    }

    private static double? Elapsed(JobSummary job) => job is { Status: JobStatus.Running, StartedAt: { } started } ? Math.Max(0, (Call.Now - started).TotalSeconds) : null;

    private static void Print(Call call, JobListResponse page, bool filtered)
    {
        if (page.Items.Count == 0)
        {
            call.Screen.Note(filtered ? "No job is like that." : "No jobs yet. Run one: drover run -- uname -a");
            return;
        }

        var ids = call.Screen.IsForPeople ? ShortIds(page.Items.Select(job => job.Id)) : [.. page.Items.Select(job => job.Id.ToString())];
        var table = new TextTable().Add("id").Add("status").Add("where", cutTo: 8, dropRank: 2).Add("job", cutTo: 16)
            .Add("queue", cutTo: 8, dropRank: 4).Add("created", right: true).Add("took", right: true, dropRank: 3);
        bool severalQueues = page.Items.Select(job => job.Queue).Distinct().Count() > 1;
        for (int i = 0; i < page.Items.Count; i++)
        {
            var job = page.Items[i];
            table.Row(ids[i], Words.Status(job), Words.Cell(job.ServerName ?? "task"), Words.Cell(Words.Short(job.Name ?? job.Preview, 200)),
                severalQueues ? Words.Cell(job.Queue) : "", Words.Ago(job.CreatedAt, Call.Now), Words.Duration(job.Duration ?? Elapsed(job)));
        }

        call.Screen.Write(table);
        if (page.NextCursor is not null)
            call.Screen.Note("There are more: --limit shows up to 500, filters narrow it down (drover job list --help).");
    }
}
