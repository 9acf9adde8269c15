using System.Text;
using Drover.Cli.Terminal;
using Spectre.Console;

namespace Drover.Cli.Verbs.Top;

/// <summary>The terminal's second screen, drawn over in place so that nothing flickers; the first comes back at the end.</summary>
internal sealed class WholeScreen : IDisposable
{
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes,
        ColorSystem = Screen.WantsColour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(TextWriter.Null),
    });

    public WholeScreen() => Write("\e[?1049h\e[?25l");

    public void Draw(TopView view)
    {
        int width = Math.Max(20, Console.WindowWidth), height = Math.Max(8, Console.WindowHeight);
        _console.Profile.Width = width;
        _console.Profile.Height = height;
        var (parts, footer) = view.Draw(height - 1, width);
        string[] lines = [.. string.Concat(parts.Select(part => _console.ToAnsi(part))).Split('\n').Take(height - 1)];
        var frame = new StringBuilder("\e[H");
        for (int i = 0; i < height - 1; i++)
            frame.Append(i < lines.Length ? lines[i] : "").Append("\e[0m\e[K\r\n");
        frame.Append(_console.ToAnsi(footer).Split('\n')[0]).Append("\e[0m\e[K");
        Write(frame.ToString());
    }

    public void Dispose() => Write("\e[?25h\e[?1049l");

    private static void Write(string text) => StandardStream.Output.Write(Encoding.UTF8.GetBytes(text));
}
