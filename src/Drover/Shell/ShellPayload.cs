using System.Globalization;
using System.Text;
using Drover.Jobs;

namespace Drover.Shell;

/// <summary>What a job sends to the wrapper: its arguments, and the bytes that follow on stdin before the control line.</summary>
/// <param name="ScriptMode"><c>-</c> none, <c>l</c> on a line of shell text, else the number of bytes.</param>
/// <param name="StdinMode">The same for the job's stdin.</param>
/// <param name="Bytes">Header line, script, stdin.</param>
internal sealed record ShellPayload(string ScriptMode, string StdinMode, ReadOnlyMemory<byte> Bytes)
{
    // A line is read byte by byte but needs no process; beyond this dd is cheaper.
    private const int MaxLine = 16 * 1024;

    // Linux refuses a single argument of 128 KiB or more (MAX_ARG_STRLEN).
    private const int MaxArgument = 100_000;

    // Names that the wrapper's own shell needs untouched or that some shells hold read-only: handed over by env(1).
    private static readonly HashSet<string> ReservedNames = new(StringComparer.Ordinal)
    {
        "PATH", "IFS", "ENV", "BASH_ENV", "UID", "EUID", "PPID", "GROUPS", "SHELLOPTS", "BASHOPTS", "LD_PRELOAD", "LD_LIBRARY_PATH", "h", "n", "p", "j",
    };

    /// <summary>Builds it from a command or a script.</summary>
    /// <exception cref="FormatException">Something in it cannot be handed to a program (a NUL in an argument), with the reason for people.</exception>
    public static ShellPayload Of(JobKind kind, ShellWork work)
    {
        string? script = kind == JobKind.Script ? work.Script ?? "" : null;
        var header = new StringBuilder();
        AppendDirectory(header, work);
        List<string> viaEnv = AppendEnvironment(header, work);
        AppendArguments(header, work, ref script);
        AppendPrefixes(header, work, viaEnv);

        var bytes = new MemoryStream();
        bytes.Write(Encoding.UTF8.GetBytes(header.Append('\n').ToString()));
        string scriptMode = AppendPart(bytes, script, atLeastEmpty: script is not null);
        string stdinMode = AppendPart(bytes, work.Pty ? null : work.Stdin, atLeastEmpty: false);
        return new(scriptMode, stdinMode, bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    private static void AppendDirectory(StringBuilder header, ShellWork work)
    {
        if (work.WorkingDir is not { Length: > 0 } directory)
            return;
        string word = directory == "~" ? "\"$HOME\""
            : directory.StartsWith("~/", StringComparison.Ordinal) ? $"\"$HOME\"/{Word(directory[2..], "The working directory")}"
            : Word(directory.StartsWith('-') ? "./" + directory : directory, "The working directory");
        header.Append("CDPATH= cd ").Append(word).Append(" || exit 126; ");
    }

    private static List<string> AppendEnvironment(StringBuilder header, ShellWork work)
    {
        var viaEnv = new List<string>();
        foreach ((string name, string value) in work.Env)
        {
            if (name.Length == 0 || name.AsSpan().IndexOfAny('=', '\0') >= 0)
                throw new FormatException($"\"{name}\" cannot be the name of an environment variable.");
            if (ShellQuoting.IsVariableName(name) && !ReservedNames.Contains(name))
                header.Append("export ").Append(name).Append('=').Append(Word(value, $"The variable {name}")).Append("; ");
            else
                viaEnv.Add(Word($"{name}={value}", $"The variable {name}"));
        }

        return viaEnv;
    }

    /// <summary>Sets the argument vector: what is run in the end is <c>"$@"</c>.</summary>
    private static void AppendArguments(StringBuilder header, ShellWork work, ref string? script)
    {
        if (script is not null)
        {
            header.Append("set --");
            AppendWords(header, Interpreter(work, script));
            header.Append(" /dev/fd/9");
            if (work.Args is { } list)
                AppendWords(header, list);
            else if (work.ArgsText is { Length: > 0 } text)
                header.Append("; ").Append(ShellQuoting.EvalOnOneLine("set -- \"$@\" " + NoNul(text, "The arguments")));
        }
        else if (work.Args is { } list)
        {
            header.Append("set -- ").Append(Word(work.Command ?? "", "The command"));
            AppendWords(header, list);
        }
        else
        {
            string text = work.ArgsText is { Length: > 0 } args ? work.Command + " " + args : work.Command ?? "";
            header.Append("set -- ").Append(Word(work.Shell ?? "/bin/sh", "The shell"));
            if (Encoding.UTF8.GetByteCount(text) < MaxArgument)
            {
                header.Append(" -c ").Append(Word(text, "The command"));
            }
            else
            {
                header.Append(" /dev/fd/9");
                script = text;
            }
        }

        header.Append("; ");
    }

    private static void AppendWords(StringBuilder header, IReadOnlyList<string> words)
    {
        for (int i = 0; i < words.Count; i++)
            header.Append(' ').Append(Word(words[i], $"Argument {i + 1}"));
    }

    private static void AppendPrefixes(StringBuilder header, ShellWork work, List<string> viaEnv)
    {
        if (work.Unbuffered)
            header.Append("export PYTHONUNBUFFERED=1; command -v stdbuf >/dev/null && set -- stdbuf -oL -eL \"$@\"; ");
        if (viaEnv.Count > 0)
            header.Append("set -- env ").AppendJoin(' ', viaEnv).Append(" \"$@\"; ");
    }

    /// <summary>The shell that was asked for, else what the script's <c>#!</c> line names (one optional argument, as Linux reads it), else <c>/bin/sh</c>.</summary>
    private static string[] Interpreter(ShellWork work, string script)
    {
        if (work.Shell is { Length: > 0 } shell)
            return [shell];
        if (!script.StartsWith("#!", StringComparison.Ordinal))
            return ["/bin/sh"];
        int end = script.IndexOf('\n', StringComparison.Ordinal);
        string line = script[2..(end < 0 ? script.Length : end)].Trim();
        int gap = line.AsSpan().IndexOfAny(' ', '\t');
        return line.Length == 0 ? ["/bin/sh"] : gap < 0 ? [line] : [line[..gap], line[gap..].Trim()];
    }

    private static string AppendPart(MemoryStream bytes, string? text, bool atLeastEmpty)
    {
        if (string.IsNullOrEmpty(text) && !atLeastEmpty)
            return "-";
        byte[] raw = Encoding.UTF8.GetBytes(text ?? "");
        if (raw.Length <= MaxLine && raw.AsSpan().IndexOf((byte)0) < 0)
        {
            bytes.Write(Encoding.UTF8.GetBytes(ShellQuoting.QuoteOnOneLine(text ?? "") + "\n"));
            return "l";
        }

        bytes.Write(raw);
        return raw.Length.ToString(CultureInfo.InvariantCulture);
    }

    private static string Word(string text, string what) => ShellQuoting.QuoteOnOneLine(NoNul(text, what));

    private static string NoNul(string text, string what) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new FormatException($"{what} holds a NUL byte, which no program can be given.")
        : text;
}
