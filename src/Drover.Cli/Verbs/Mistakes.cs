using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Drover.Cli.Verbs;

/// <summary>Says in one line what is wrong with a call.</summary>
internal static partial class Mistakes
{
    /// <summary>What is wrong; null when nothing is.</summary>
    public static string? In(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Action is ParseErrorAction && (parsed.UnmatchedTokens.Count == 0 || OptionAsWord(parsed) is null))
            return $"{Reason(parsed, command)} `{PathOf(parsed.CommandResult)} --help` tells more.";
        return command.Action is not null && OptionAsWord(parsed) is { } word
            ? $"There is no option '{word}' of `{PathOf(parsed.CommandResult)}`. What belongs to the command goes after --: {PathOf(parsed.CommandResult)} … -- COMMAND {word}"
            : null;
    }

    private static string Reason(ParseResult parsed, Command command)
    {
        if (parsed.UnmatchedTokens.Count > 0)
        {
            string word = parsed.UnmatchedTokens[0];
            if (word.StartsWith('-'))
                return $"There is no option '{word}' here.{Nearest.Hint(word, command.Options.Select(option => option.Name).Append("--json"))}";
            return command.Subcommands.Count > 0
                ? $"There is no '{PathOf(parsed.CommandResult)} {word}'.{Nearest.Hint(word, command.Subcommands.Select(sub => sub.Name))}"
                : $"'{word}' is one word too many.";
        }

        if (command.Subcommands.Count > 0 && command.Action is null)
            return $"`{PathOf(parsed.CommandResult)}` wants one of {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}.";
        // An option without its value is what was written last, so it is the nearer reason.
        bool ofOption = parsed.Errors.Any(error => error.SymbolResult is OptionResult);
        foreach (var argument in ofOption ? [] : command.Arguments)
        {
            if (argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 })
                return $"{argument.Name} is missing.";
        }

        string message = (parsed.Errors.FirstOrDefault(error => error.SymbolResult is OptionResult) ?? parsed.Errors[0]).Message.ReplaceLineEndings(" ").Trim().TrimEnd('.') + ".";
        return WrongType().Match(message) is { Success: true } wrong
            ? $"{wrong.Groups["option"]} must be {(message.Contains("Boolean", StringComparison.Ordinal) ? "true or false" : "a whole number")}, not '{wrong.Groups["value"]}'." : message;
    }

    /// <summary>The library's words for a value that cannot be read, which name a type of the language.</summary>
    [GeneratedRegex("^Cannot parse argument '(?<value>.*)' for option '(?<option>.*)' as expected type")]
    private static partial Regex WrongType();

    /// <summary>
    /// The parser takes an option it does not know for a word of a list. Before <c>--</c> that is a slip, and it must not be
    /// run as a command.
    /// </summary>
    private static string? OptionAsWord(ParseResult parsed)
    {
        var words = parsed.CommandResult.Command.Arguments.SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? [])
            .ToHashSet<Token>(ReferenceEqualityComparer.Instance);
        return parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .FirstOrDefault(token => token.Value.Length > 1 && token.Value[0] == '-' && words.Contains(token))?.Value;
    }

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "drover";
}
