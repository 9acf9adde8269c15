using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Drover.Cli.Verbs;

/// <summary>
/// The library's help, under the program's own name (the library takes the assembly's, which cannot be <c>drover</c>),
/// and with examples at the end.
/// </summary>
internal sealed class Help(HelpAction inner) : SynchronousCommandLineAction
{
    private static readonly Dictionary<Command, string> Examples = [];
    private static readonly Dictionary<Command, string> Usages = [];

    public static void AddExample(Command command, string example) => Examples[command] = example;

    /// <summary>How a verb is called, where the library's own line would mislead.</summary>
    public static void AddUsage(Command command, string usage) => Usages[command] = usage;

    /// <summary>Puts this in the place of the library's.</summary>
    public static void Install(RootCommand root)
    {
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        var option = new HelpOption("--help", "-h") { Description = "tell how to use this" };
        option.Action = new Help((HelpAction)option.Action!);
        root.Options.Add(option);
        root.Options.OfType<VersionOption>().Single().Description = "print the version";
    }

    public override int Invoke(ParseResult parseResult)
    {
        var configuration = parseResult.InvocationConfiguration;
        var output = configuration.Output;
        using var text = new StringWriter();
        configuration.Output = text;
        int code = inner.Invoke(parseResult);
        configuration.Output = output;
        var command = parseResult.CommandResult.Command;
        output.Write(Own(text.ToString(), command));
        if (Examples.TryGetValue(command, out string? example))
            output.Write($"\nExample:\n  {example.ReplaceLineEndings("\n  ")}\n");
        return code;
    }

    private static string Own(string text, Command command)
    {
        text = text.Replace(RootCommand.ExecutableName, "drover", StringComparison.Ordinal).TrimEnd() + "\n";
        if (!Usages.TryGetValue(command, out string? usage))
            return text;
        const string Heading = "Usage:\n  ";
        int start = text.IndexOf(Heading, StringComparison.Ordinal) + Heading.Length;
        return start < Heading.Length ? text : text[..start] + usage + text[text.IndexOf('\n', start)..];
    }
}
