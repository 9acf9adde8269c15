using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Server.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Drover.Cli.Terminal;

/// <summary>What a verb says: tables and words for people, JSON for machines, complaints to stderr.</summary>
internal sealed class Screen(bool json)
{
    /// <summary>A pipe has no width: nothing is cut or wrapped for it.</summary>
    private const int NoWidth = 10_000;

    private static readonly JsonSerializerOptions Indented = new(DroverJson.Api.Options) { WriteIndented = true };

    /// <summary>Whether the answer is JSON.</summary>
    public bool Json { get; } = json;

    /// <summary>Standard output; colours only on a terminal.</summary>
    public IAnsiConsole Out { get; } = Make(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error.</summary>
    public IAnsiConsole Error { get; } = Make(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether a person can be asked.</summary>
    public static bool IsInteractive => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Whether a terminal is one that understands more than lines.</summary>
    public static bool WantsAnsi => Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>Whether colours are wanted: <c>NO_COLOR</c> (no-color.org) says no.</summary>
    public static bool WantsColour => WantsAnsi && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Whether ids and the like may be shortened: people read them on a terminal, programs from a pipe.</summary>
    public bool IsForPeople => !Json && !Console.IsOutputRedirected;

    /// <summary>Prints a value as JSON, in the shape the API has.</summary>
    public static void PrintJson<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Indented.GetTypeInfo(typeof(T))));

    /// <summary>Prints a value as JSON on one line, for streams of them.</summary>
    public static void PrintJsonLine<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)DroverJson.Api.GetTypeInfo(typeof(T))!));

    /// <summary>A word for people on stderr, so that stdout holds only what was asked for.</summary>
    public void Note(string text) => Error.MarkupLine($"[grey]{Words.Cell(text)}[/]");

    /// <summary>What went wrong, on stderr.</summary>
    public void Complain(string text) => Error.MarkupLine($"[red]drover: {Words.Cell(text)}[/]");

    /// <summary>A line of plain text to stdout.</summary>
    public void Line(string text) => Out.WriteLine(Words.Plain(text));

    /// <summary>A table or the like to stdout.</summary>
    public void Write(IRenderable what) => Out.Write(what);

    /// <summary>The answer: as JSON, or as one line for people.</summary>
    public int Answer<T>(T value, Func<T, string> line)
    {
        if (Json)
            PrintJson(value);
        else
            Line(line(value));
        return 0;
    }

    /// <summary>Asks before something destructive; without a terminal it must be said on the command line.</summary>
    public bool Confirm(string question, bool yes)
    {
        if (yes)
            return true;
        if (!IsInteractive)
            throw new Client.UsageException($"{question} Say --yes to do it without being asked.");
        Error.Markup($"{Words.Cell(question)} [grey](y/N)[/] ");
        return Console.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    private static IAnsiConsole Make(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected || !WantsColour ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        if (redirected)
            console.Profile.Width = NoWidth;
        return console;
    }
}
