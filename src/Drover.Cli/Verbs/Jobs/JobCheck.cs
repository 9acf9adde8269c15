using System.CommandLine;
using System.Text;
using System.Text.Json;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Jobs;

/// <summary>Tells before a deployment which jobs that have not ended the new build does not know.</summary>
internal static class JobCheck
{
    private static readonly string[] Unfinished = ["scheduled", "queued", "running", "retrying"];

    public static Command Make()
    {
        var kinds = new Option<FileInfo[]>("--kinds")
        {
            Description = "job types that a new build runs, one a line (what `YOURPROGRAM drover-kinds` prints); once for each program",
            HelpName = "FILE",
            Required = true,
        };
        return Verb.Make("check", "tell which waiting tasks a new build does not know", "shop drover-kinds > kinds && drover job check --kinds kinds", kinds)
            .Calls(async (parsed, call) => await RunAsync(call, await ReadAsync(parsed.GetRequiredValue(kinds), call.Cancel)));
    }

    private static async Task<HashSet<string>> ReadAsync(IReadOnlyList<FileInfo> files, CancellationToken cancel)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            try
            {
                known.UnionWith((await File.ReadAllLinesAsync(file.FullName, cancel)).Select(line => line.Trim()).Where(line => line.Length > 0));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"The kinds cannot be read: {e.Message}");
            }
        }

        return known;
    }

    private static async Task<int> RunAsync(Call call, HashSet<string> known)
    {
        var waiting = new SortedDictionary<string, int>(StringComparer.Ordinal);
        string query = "jobs?kind=task&limit=500&" + string.Join('&', Unfinished.Select(status => "status=" + status));
        string? cursor = null;
        do
        {
            var page = await call.Client.GetAsync<JobListResponse>(query + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)), call.Cancel);
            foreach (var job in page.Items)
                waiting[job.JobType!] = waiting.GetValueOrDefault(job.JobType!) + 1;
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        var unknown = waiting.Where(type => !known.Contains(type.Key)).ToList();
        if (call.Screen.Json)
        {
            PrintJson(waiting, known);
            return unknown.Count > 0 ? ExitCodes.Other : 0;
        }

        foreach (var (type, jobs) in unknown)
            call.Screen.Line($"{type}: {Words.Count(jobs, "job")} that the new build does not know");
        if (unknown.Count > 0)
            return ExitCodes.Other;
        call.Screen.Note(waiting.Count == 0 ? "No task waits." : $"The new build knows all {Words.Count(waiting.Values.Sum(), "task")} that have not ended.");
        return 0;
    }
    private static void PrintJson(IReadOnlyDictionary<string, int> waiting, HashSet<string> known)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var (type, jobs) in waiting)
            {
                writer.WriteStartObject();
                writer.WriteString("job_type", type);
                writer.WriteNumber("jobs", jobs);
                writer.WriteBoolean("known", known.Contains(type));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
