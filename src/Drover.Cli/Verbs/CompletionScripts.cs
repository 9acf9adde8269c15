using System.CommandLine;

namespace Drover.Cli.Verbs;

/// <summary><c>drover completion</c>: what makes a shell complete Drover's words.</summary>
internal static class CompletionScripts
{
    private const string Bash = """
        _drover() {
            local IFS=$'\n'
            COMPREPLY=($("${COMP_WORDS[0]/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
        }
        complete -o default -F _drover drover
        """;

    private const string Zsh = """
        #compdef drover
        _drover() {
            local line
            local -a items
            for line in "${(@f)$(${~words[1]} complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
                [[ -n $line ]] || continue
                if [[ $line == *$'\t'* ]]; then
                    items+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
                else
                    items+=("${line//:/\\:}")
                fi
            done
            if (( $#items )); then _describe drover items; else _files; fi
        }
        if [[ $funcstack[1] == _drover ]]; then _drover "$@"; else compdef _drover drover; fi
        """;

    private const string Fish = """
        function __drover_complete
            set -l words (commandline -opc) (commandline -ct)
            $words[1] complete -- $words[2..] 2>/dev/null
        end
        complete -c drover -f -a '(__drover_complete)'
        complete -c drover -n 'test (count (__drover_complete)) -eq 0' -F
        """;

    public static Command Make()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = Verb.Make("completion", "print what makes a shell complete Drover's words", """
            source <(drover completion bash)                 # in ~/.bashrc
            source <(drover completion zsh)                  # in ~/.zshrc, after compinit
            drover completion fish | source                  # in ~/.config/fish/config.fish
            """, shell);
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return 0;
        });
        return command;
    }
}
