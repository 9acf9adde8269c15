using System.CommandLine;
using System.CommandLine.Completions;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs;

/// <summary>Completion for shells: the scripts, and values that only a running Drover knows.</summary>
internal static class Completion
{
    public static Command Make()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = Verb.Make("completion", "print the completion script of a shell", "source <(drover completion bash)", shell);
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return 0;
        });
        return command;
    }

    public static IEnumerable<CompletionItem> Servers(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<ServerListResponse>("servers?limit=500", Soon())).Items.Select(server => new CompletionItem(server.Name)));

    public static IEnumerable<CompletionItem> Queues(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<QueueListResponse>("queues", Soon())).Items.Select(queue => new CompletionItem(queue.Name)));

    public static IEnumerable<CompletionItem> Jobs(CompletionContext context) =>
        Ask(context, async client => (await client.GetAsync<JobListResponse>("jobs?limit=20", Soon())).Items
            .Select(job => new CompletionItem(job.Id.ToString(), detail: Words.Short(job.Preview, 40))).Append(new CompletionItem("last")));

    /// <summary>A shell that waits for completion must never hang: half a second, then nothing.</summary>
    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromMilliseconds(500)).Token;

    private static List<CompletionItem> Ask(CompletionContext context, Func<DroverClient, Task<IEnumerable<CompletionItem>>> ask)
    {
        try
        {
            var parsed = context.ParseResult;
            var config = SettingsLoader.Load(setting => setting == Settings.Data ? parsed.GetValue(Verb.Data) : null, Environment.GetEnvironmentVariable, SettingsLoader.FileName);
            using var client = new DroverClient(ClientTarget.Find(parsed.GetValue(Verb.Url), parsed.GetValue(Verb.Token), config));
            return [.. ask(client).GetAwaiter().GetResult()];
        }
        catch (Exception away) when (away is ApiException or UnreachableException or UsageException or SettingException or OperationCanceledException)
        {
            return [];
        }
    }

    private const string Bash = """
        _drover() {
            local IFS=$'\n' line="${COMP_LINE:0:$COMP_POINT}"
            COMPREPLY=($(compgen -W "$(drover "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _drover drover
        """;

    private const string Zsh = """
        #compdef drover
        _drover() {
            local line="${BUFFER[1,$CURSOR]}"
            local -a found
            found=("${(@f)$(drover "[suggest:${#line}]" "$line" 2>/dev/null)}")
            compadd -a found
        }
        compdef _drover drover
        """;

    private const string Fish = """
        function __drover_complete
            set -l line (commandline -cp)
            drover "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c drover -f -a '(__drover_complete)'
        """;
}
