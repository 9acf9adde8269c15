using System.CommandLine;
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
        command.SetAction((parsed, _) =>
        {
            var config = options.Load(parsed);
            RefuseQueueUrl(config, "up");
            return Serving.RunAsync(config, NodeRoles.All, parsed.GetValue(quiet));
        });
        return command;
    }

    public static Command Serve()
    {
        var options = SettingOptions.Make();
        var roles = new Argument<string[]>("ROLE") { Arity = ArgumentArity.OneOrMore, Description = "api, queue or worker; several run in one process" };
        roles.AcceptOnlyFromAmong(Roles);
        var command = Verb.Make("serve", "run one role of Drover, or several, for deployments of many processes",
            "drover serve queue --netqueue-addr :9000\ndrover serve api --queue netqueue://queue-1:9000\ndrover serve worker --queue netqueue://queue-1:9000 --worker-labels gpu", [.. options.Options, roles])
            .Usage("drover serve <api | queue | worker>... [settings]");
        command.SetAction((parsed, _) =>
        {
            var config = options.Load(parsed);
            var wanted = parsed.GetRequiredValue(roles).Aggregate(NodeRoles.None, (all, role) => all | Enum.Parse<NodeRoles>(role, ignoreCase: true));
            if (wanted.HasFlag(NodeRoles.Queue))
                RefuseQueueUrl(config, "serve queue");
            return Serving.RunAsync(config, wanted, quiet: true);
        });
        return command;
    }

    /// <summary>Who holds the jobs has no other to hold them.</summary>
    private static void RefuseQueueUrl(DroverConfig config, string verb)
    {
        if (config.HasQueueServer)
            throw new SettingException($"QUEUE_URL names a queue server, and `drover {verb}` is one itself: leave it empty, or use `drover serve api` or `drover serve worker`.");
    }
}
