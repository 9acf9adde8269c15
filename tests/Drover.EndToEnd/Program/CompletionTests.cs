using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>The completion scripts in the shells that they are for.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("drover jo", "job")]
    [InlineData("drover job li", "list")]
    [InlineData("drover run --ti", "--timeout")]
    public async Task Bash_completes(string line, string word)
    {
        string[] words = line.Split(' ');
        string script = $"""
            source <(drover completion bash)
            COMP_WORDS=({line}); COMP_CWORD={words.Length - 1}; COMP_LINE='{line}'; COMP_POINT={line.Length}
            handler=$(complete -p drover | sed -n 's/.*-F \([^ ]*\).*/\1/p')
            "$handler" drover '{words[^1]}' '{words[^2]}'
            printf '%s\n' "$COMPREPLY"
            """;
        Assert.Equal(word + "\n", await OutputAsync("bash", script));
    }

    [Theory]
    [InlineData("drover jo", "job")]
    [InlineData("drover job li", "list")]
    [InlineData("drover run --ti", "--timeout")]
    public async Task Fish_completes_and_describes(string line, string word)
    {
        string told = await OutputAsync("fish", $"drover completion fish | source; complete -C '{line}'");
        string[] parts = Assert.Single(told.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Split('\t');
        Assert.Equal(word, parts[0]);
        Assert.NotEmpty(parts[1]);
    }

    [Fact]
    public async Task Zsh_knows_who_completes() =>
        Assert.Equal("_drover\n", await OutputAsync("zsh", "autoload -U compinit; compinit -u -D; source <(drover completion zsh); echo $_comps[drover]"));

    private static async Task<string> OutputAsync(string shell, string script)
    {
        string folder = Path.GetDirectoryName(DroverProgram.File)!;
        var (code, output) = await ShellHost.ToolAsync("env", $"PATH={folder}:{Environment.GetEnvironmentVariable("PATH")}", shell, "-c", script);
        Assert.True(code == 0, output);
        return output;
    }
}
