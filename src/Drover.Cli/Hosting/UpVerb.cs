using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;

namespace Drover.Cli.Hosting;

/// <summary><c>drover up</c> and <c>drover serve</c>.</summary>
internal static class UpVerb
{
    private static readonly string[] Roles = ["api", "queue", "worker"];

    public static Command Up()
    {
        var options = SettingOptions.Make();
        var quiet = new Option<bool>("--quiet") { Description = "print no greeting" };
        var command = Verb.Make("up", "run all of Drover in one process", "drover up --server-addr 127.0.0.1:8080", [.. options.Options, quiet]);
        command.SetAction((parsed, _) => Verb.GuardAsync(() => DroverHost.RunAsync(options.Load(parsed), parsed.GetValue(quiet))));
        return command;
    }

    public static Command Serve()
    {
        var options = SettingOptions.Make();
        var roles = new Argument<string[]>("ROLE") { Arity = ArgumentArity.OneOrMore, Description = "api, queue and worker; this version runs them together" };
        roles.AcceptOnlyFromAmong(Roles);
        var command = Verb.Make("serve", "run roles of Drover in this process", "drover serve api queue worker", [.. options.Options, roles]);
        command.SetAction((parsed, _) => Verb.GuardAsync(() =>
        {
            // A role on its own needs a queue server that others can reach over the network.
            string[] missing = [.. Roles.Except(parsed.GetRequiredValue(roles))];
            if (missing.Length > 0)
                throw new UsageException($"This version runs api, queue and worker only together in one process: {string.Join(" and ", missing)} is missing. Say `drover up`.");
            return DroverHost.RunAsync(options.Load(parsed), quiet: true);
        }));
        return command;
    }
}
