using Drover.Cli.Verbs;

namespace Drover.Tests.Cli;

public sealed class CompletionTests
{
    private static IEnumerable<string> For(params string[] words) => Completion.For(Root.Make(), words).Select(item => item.Label);

    [Fact]
    public void Verbs_are_offered_by_their_beginning() => Assert.Equal(["schedule", "script", "serve", "server"], For("s").Order());

    [Fact]
    public void What_shells_call_is_offered_to_nobody() => Assert.DoesNotContain(Completion.VerbName, For(""));

    [Fact]
    public void The_verbs_of_a_group_are_offered_after_it() => Assert.Contains("rotate-master", For("key", ""));

    [Fact]
    public void Options_are_offered_only_to_a_dash()
    {
        Assert.Equal(["--timeout", "--token"], For("run", "--t").Where(word => word is "--timeout" or "--token").Order());
        Assert.Contains("--detach", For("run", "-"));
        Assert.DoesNotContain(For("completion", ""), word => word.StartsWith('-'));
    }

    [Fact]
    public void Values_that_are_known_are_offered_after_their_option() => Assert.Equal(["failed"], For("job", "list", "--status", "f"));

    [Fact]
    public void Values_that_are_known_are_offered_as_arguments() => Assert.Equal(["bash", "fish", "zsh"], For("completion", "").Order());

    [Fact]
    public void An_option_that_was_given_is_not_offered_again() => Assert.DoesNotContain("--timeout", For("run", "--timeout", "5m", "--tim"));

    [Fact]
    public void Behind_the_dashes_nothing_is_ours() => Assert.Empty(For("run", "--", "job", ""));

    [Fact]
    public void Nothing_that_answers_is_nothing_to_offer() => Assert.Empty(For("run", "--url", "http://127.0.0.1:9", "--on", ""));
}
