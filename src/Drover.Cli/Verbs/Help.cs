using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Drover.Cli.Verbs;

/// <summary>
/// The library's help, under the program's own name (the library takes the assembly's, which cannot be <c>drover</c>) and
/// with an example at the end.
/// </summary>
internal sealed class Help(HelpAction inner) : SynchronousCommandLineAction
{
    private static readonly Dictionary<Command, string> Examples = [];

    public static void AddExample(Command command, string example) => Examples[command] = example;

    /// <summary>Puts this in the place of the library's.</summary>
    public static void Install(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new Help((HelpAction)option.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var configuration = parseResult.InvocationConfiguration;
        var output = configuration.Output;
        using var text = new StringWriter();
        configuration.Output = text;
        int code = inner.Invoke(parseResult);
        configuration.Output = output;
        output.Write(text.ToString().Replace(RootCommand.ExecutableName, "drover", StringComparison.Ordinal).TrimEnd() + "\n");
        if (Examples.TryGetValue(parseResult.CommandResult.Command, out string? example))
            output.Write($"\nExample:\n  {example}\n");
        return code;
    }
}
