using System.CommandLine;
using Drover.Cli.Hosting;
using Drover.Cli.Verbs.Run;

namespace Drover.Cli.Verbs;

/// <summary>The program's verbs.</summary>
internal static class Root
{
    public static RootCommand Make()
    {
        var root = new RootCommand("Drover runs commands, scripts and tasks somewhere else, later, and surely.")
        {
            Verb.Url, Verb.Token, Verb.Data, Verb.Json,
            UpVerb.Up(), UpVerb.Serve(),
            RunVerb.Run(), RunVerb.Script(),
            JobVerbs.Make(), ServerVerbs.Make(), KeyVerbs.Make(), QueueVerbs.Queues(), QueueVerbs.Workers(),
            TopVerb.Make(), BenchVerb.Make(), ConfigVerb.Make(), Completion.Make(), VersionVerb(),
        };
        Help.Install(root);
        Help.AddExample(root, "drover up                  # in one terminal\n  drover run -- uname -a     # in another");
        return root;
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
