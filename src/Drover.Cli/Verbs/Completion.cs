using System.CommandLine;
using System.CommandLine.Completions;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs;

/// <summary>What a shell may offer for the word under the cursor, with values that only a running Drover knows.</summary>
internal static class Completion
{
    /// <summary>The hidden verb that the shells' scripts call.</summary>
    public const string VerbName = "complete";

    public static Command Verb(Func<RootCommand> root)
    {
        var words = new Argument<string[]>("WORDS") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(VerbName) { words };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            foreach (var item in For(root(), parsed.GetValue(words) ?? []))
                Console.Out.WriteLine(item.Detail is { Length: > 0 } detail ? $"{item.Label}\t{detail}" : item.Label);
            return 0;
        });
        return command;
    }

    /// <summary>The completions of the last of some words, which may be empty. What stands behind <c>--</c> is another program's.</summary>
    public static IReadOnlyList<CompletionItem> For(RootCommand root, IReadOnlyList<string> words)
    {
        string current = words.Count > 0 ? words[^1] : "";
        var before = words.Take(words.Count - 1).ToList();
        if (before.Contains("--"))
            return [];
        string line = string.Concat(before.Select(word => Quoted(word) + " ")) + current;
        bool options = current.StartsWith('-');
        return
        [
            .. root.Parse(line, new ParserConfiguration { ResponseFileTokenReplacer = null }).GetCompletions(line.Length)
                .Where(item => item.Label.StartsWith(current, StringComparison.Ordinal) && item.Label.StartsWith('-') == options)
                .DistinctBy(item => item.Label),
        ];
    }

    public static IEnumerable<CompletionItem> Servers(CompletionContext context) =>
        Ask(context, async client => (await ServersAsync(client)).Select(server => server.Name));

    public static IEnumerable<CompletionItem> Tags(CompletionContext context) =>
        Ask(context, async client => (await ServersAsync(client)).SelectMany(server => server.Tags).Distinct());

    public static IEnumerable<CompletionItem> Queues(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<QueueListResponse>("queues", Soon())).Items.Select(queue => queue.Name));

    public static IEnumerable<CompletionItem> Schedules(CompletionContext context) =>
        Ask(context, async client => (await Verbs.Schedules.ScheduleVerbs.AllAsync(client, Soon())).Select(schedule => schedule.Name));

    public static IEnumerable<CompletionItem> Workers(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<WorkerListResponse>("workers", Soon())).Items.Select(worker => worker.Id));

    public static IEnumerable<CompletionItem> Keys(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<KeyListResponse>("files/pem", Soon())).Items.Select(key => key.Filename));

    public static IEnumerable<CompletionItem> Jobs(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<JobListResponse>("jobs?limit=20", Soon())).Items.Select(job => job.Id.ToString()).Append("last"));

    /// <summary>A shell that waits for completion must never hang: a moment, then nothing.</summary>
    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(1)).Token;

    private static async Task<IReadOnlyList<ServerResponse>> ServersAsync(DroverClient client) =>
        (await client.GetAsync<ServerListResponse>("servers?limit=500", Soon())).Items;

    private static List<CompletionItem> Ask(CompletionContext context, Func<DroverClient, Task<IEnumerable<string>>> ask)
    {
        try
        {
            using var client = new DroverClient(Verbs.Verb.Target(context.ParseResult));
            return [.. ask(client).GetAwaiter().GetResult().Select(text => new CompletionItem(text))];
        }
        catch (Exception away) when (away is ApiException or UnreachableException or UsageException or SettingException or OperationCanceledException)
        {
            return [];
        }
    }

    private static string Quoted(string word) => word.Length == 0 || word.Any(char.IsWhiteSpace) ? $"\"{word}\"" : word;
}
