using System.CommandLine;
using Drover.Cli.Verbs;

namespace Drover.Tests.Cli;

/// <summary>What is said to calls that make no sense, and that sensible ones come through as they were meant.</summary>
public sealed class CallTests
{
    private static ParseResult Parse(params string[] args) => Root.Make().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    [Theory]
    [InlineData("rnu", "There is no 'drover rnu'. Did you mean run?")]
    [InlineData("job lst", "There is no 'drover job lst'. Did you mean list?")]
    [InlineData("job", "`drover job` wants one of list, show, logs")]
    [InlineData("job list --statsu failed", "There is no option '--statsu' of `drover job list`")]
    [InlineData("queue list --jsn", "There is no option '--jsn' here. Did you mean --json?")]
    [InlineData("queue list more", "'more' is one word too many.")]
    [InlineData("job show", "ID is missing.")]
    [InlineData("run", "COMMAND is missing.")]
    [InlineData("run --priority", "--priority")]
    [InlineData("run --priority high -- ls", "--priority must be a whole number, not 'high'.")]
    [InlineData("run uptime -a", "There is no option '-a' of `drover run`. What belongs to the command goes after --: drover run … -- COMMAND -a")]
    [InlineData("run --on web-1 --verbose -- ls", "There is no option '--verbose' of `drover run`.")]
    [InlineData("script check.sh --deep", "There is no option '--deep' of `drover script`.")]
    [InlineData("serve web", "web")]
    [InlineData("completion cmd", "cmd")]
    public void A_mistake_is_told_in_one_line(string call, string expected)
    {
        string? mistake = Mistakes.In(Parse(call.Split(' ')));
        Assert.NotNull(mistake);
        Assert.Contains(expected, mistake, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mistake);
    }

    [Theory]
    [InlineData("run", "--", "ls", "-la", "--json", "-p", "@file", "[x]", "--", "")]
    [InlineData("run", "--on", "web-1", "--", "echo", "--on", "web-2")]
    public void What_stands_after_the_dashes_is_the_commands_own(params string[] args)
    {
        var parsed = Parse(args);
        Assert.Null(Mistakes.In(parsed));
        Assert.Equal(args.SkipWhile(word => word != "--").Skip(1), parsed.GetValue<string[]>("COMMAND"));
        Assert.False(parsed.GetValue(Verb.Json));
    }

    [Theory]
    [InlineData("run uptime")]
    [InlineData("run --on web-1 uptime")]
    [InlineData("run -p 3 -t 5m --env A=-1 -- true")]
    [InlineData("script - -- -v")]
    [InlineData("job list --status failed,running --since 2h")]
    [InlineData("job cancel --queue import")]
    [InlineData("--json job show last")]
    [InlineData("--url http://127.0.0.1:1 job list")]
    public void A_sensible_call_is_none(string call) => Assert.Null(Mistakes.In(Parse(call.Split(' '))));

    [Fact]
    public void Every_verb_has_an_example_of_itself()
    {
        foreach (var (command, path) in Leaves(Root.Make(), "drover"))
        {
            using var text = new StringWriter();
            Parse([.. path.Split(' ').Skip(1), "--help"]).Invoke(new InvocationConfiguration { Output = text });
            Assert.Contains("Example:", text.ToString(), StringComparison.Ordinal);
            Assert.Contains(path, text.ToString().Split("Example:")[1], StringComparison.Ordinal);
            Assert.DoesNotContain("Drover.Cli", text.ToString(), StringComparison.Ordinal);
            Assert.True(command.Description is { Length: > 5 }, path);
        }
    }

    private static IEnumerable<(Command Command, string Path)> Leaves(Command command, string path) => command.Subcommands.Where(sub => !sub.Hidden)
        .SelectMany(sub => sub.Subcommands.Count > 0 ? Leaves(sub, $"{path} {sub.Name}") : [(sub, $"{path} {sub.Name}")]);
}
