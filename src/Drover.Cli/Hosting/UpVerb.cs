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
        var command = Verb.Make("up", "run all of Drover in one process", "drover up\ndrover up --data /var/lib/drover --server-addr 127.0.0.1:8090", [.. options.Options, quiet])
            .Usage("drover up [--data FOLDER] [settings]");
        command.SetAction((parsed, _) => DroverHost.RunAsync(options.Load(parsed), parsed.GetValue(quiet)));
        return command;
    }

    public static Command Serve()
    {
        var options = SettingOptions.Make();
        var roles = new Argument<string[]>("ROLE") { Arity = ArgumentArity.OneOrMore, Description = "api, queue and worker; this version runs them together" };
        roles.AcceptOnlyFromAmong(Roles);
        var command = Verb.Make("serve", "run roles of Drover in this process; this version runs all three together", "drover serve api queue worker", [.. options.Options, roles])
            .Usage("drover serve api queue worker [settings]");
        command.SetAction((parsed, _) =>
        {
            // A role on its own needs a queue server that others can reach over the network.
            string[] missing = [.. Roles.Except(parsed.GetRequiredValue(roles))];
            return missing.Length == 0 ? DroverHost.RunAsync(options.Load(parsed), quiet: true)
                : throw new UsageException($"This version runs api, queue and worker only together in one process; {string.Join(" and ", missing)} {(missing.Length == 1 ? "is" : "are")} missing. `drover serve api queue worker` does, and so does `drover up`.");
        });
        return command;
    }
}
