using System.CommandLine;
using System.CommandLine.Invocation;
using Drover.Cli;
using Drover.Cli.Verbs;

var parsed = Root.Make().Parse(args);
if (parsed.Action is ParseErrorAction)
{
    string verb = string.Join(' ', args.TakeWhile(arg => !arg.StartsWith('-')).Take(2).Prepend("drover"));
    return Verb.Fail($"{parsed.Errors[0].Message.TrimEnd('.')}. `{(parsed.CommandResult.Command is RootCommand ? "drover" : verb)} --help` tells more.", ExitCodes.Usage);
}

return await parsed.InvokeAsync(new InvocationConfiguration
{
    // Ctrl-C is each verb's own: following a job asks, serving drains.
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
});
