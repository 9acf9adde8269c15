using System.CommandLine;
using Drover.Cli.Terminal;
using Drover.Cli.Verbs;

// Signals, files' modes and write(2): Drover runs on Linux.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]

StandardStream.Install();
// "@name" is a word like any other here, not a file with more words.
var parsed = Root.Make().Parse(args.Length == 0 ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (Mistakes.In(parsed) is { } mistake)
    return Verb.Fail(mistake, Drover.Cli.ExitCodes.Usage);

return await Verb.GuardAsync(() => parsed.InvokeAsync(new InvocationConfiguration
{
    // Ctrl-C is each verb's own: following a job asks, serving drains.
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
}));
