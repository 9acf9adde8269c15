using System.Text;

namespace Drover.Shell;

/// <summary>Writes text so that a POSIX shell reads exactly that text.</summary>
internal static class ShellQuoting
{
    /// <summary>A single word, whatever it holds but NUL.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.AsSpan().IndexOfAnyExcept(PlainCharacters) < 0 ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A single word on a single line: the wrapper holds a line break in its variable n.</summary>
    public static string QuoteOnOneLine(string word) => Quote(word).Replace("\n", "'\"$n\"'", StringComparison.Ordinal);

    /// <summary>Whether a shell can assign to a variable of this name.</summary>
    public static bool IsVariableName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.AsSpan().IndexOfAnyExcept(NameCharacters) < 0;

    /// <summary>Shell text (not a word) on a single line: <c>eval</c> reads it as it was written.</summary>
    public static string EvalOnOneLine(string text) => new StringBuilder("eval ").Append(QuoteOnOneLine(text)).ToString();

    private static readonly System.Buffers.SearchValues<char> PlainCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.,:-");

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}
