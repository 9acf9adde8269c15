using System.CommandLine;
using System.CommandLine.Invocation;
using Drover.Cli.Terminal;
using Drover.Cli.Verbs;

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
