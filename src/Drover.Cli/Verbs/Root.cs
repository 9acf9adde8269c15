using System.CommandLine;
using Drover.Cli.Hosting;
using Drover.Cli.Verbs.Jobs;
using Drover.Cli.Verbs.Migrate;
using Drover.Cli.Verbs.Run;
using Drover.Cli.Verbs.Schedules;
using Drover.Cli.Verbs.Servers;
using Drover.Cli.Verbs.Top;

namespace Drover.Cli.Verbs;

/// <summary>The program's verbs.</summary>
internal static class Root
{
    public static RootCommand Make()
    {
        var root = new RootCommand("Drover runs commands, scripts and tasks somewhere else, later, and surely.")
        {
            Verb.Url, Verb.Token, Verb.Data, Verb.ConfigFile, Verb.Json,
            UpVerb.Up(), UpVerb.Serve(),
            RunVerb.Run(), RunVerb.Script(),
            JobVerbs.Make(), BatchVerbs.Make(), ScheduleVerbs.Make(), ServerVerbs.Make(), KeyVerbs.Make(), QueueVerbs.Queues(), LimitVerbs.Make(), QueueVerbs.Workers(),
            TopVerb.Make(), BenchVerb.Make(), HealthVerb.Make(), ConfigVerb.Make(), MigrateVerb.Make(), CompletionScripts.Make(), Completion.Verb(Make), VersionVerb(),
        };
        root.Directives.Clear();
        Help.Install(root);
        Help.AddExample(root, "drover up                  # in one terminal\ndrover run -- uname -a     # in another");
        return root.Usage("drover VERB [options]");
    }

    private static Command VersionVerb()
    {
        var command = Verb.Make("version", "print the version", "drover version");
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(parsed.GetValue(Verb.Json) ? $"{{\"version\":\"{Version.Text}\"}}" : $"drover {Version.Text}");
            return 0;
        });
        return command;
    }
}
