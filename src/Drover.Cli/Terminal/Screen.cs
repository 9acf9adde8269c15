using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Server.Json;
using Spectre.Console;

namespace Drover.Cli.Terminal;

/// <summary>What a verb says: tables and words for people, JSON for machines, complaints to stderr.</summary>
internal sealed class Screen(bool json)
{
    private static readonly JsonSerializerOptions Indented = new(DroverJson.Api.Options) { WriteIndented = true };

    /// <summary>Whether the answer is JSON.</summary>
    public bool Json { get; } = json;

    /// <summary>Standard output; colours only on a terminal.</summary>
    public IAnsiConsole Out { get; } = Make(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error.</summary>
    public IAnsiConsole Error { get; } = Make(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether a person can be asked.</summary>
    public static bool IsInteractive => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Prints a value as JSON, in the shape the API has.</summary>
    public static void PrintJson<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Indented.GetTypeInfo(typeof(T))));

    /// <summary>Prints a value as JSON on one line, for streams of them.</summary>
    public static void PrintJsonLine<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)DroverJson.Api.GetTypeInfo(typeof(T))!));

    /// <summary>A word for people on stderr, so that stdout holds only what was asked for.</summary>
    public void Note(string text) => Error.MarkupLineInterpolated($"[grey]{text}[/]");

    /// <summary>A line of plain text to stdout.</summary>
    public void Line(string text) => Out.WriteLine(text);

    /// <summary>A table without borders; cells are Spectre markup.</summary>
    public static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (string column in columns)
            table.AddColumn(new TableColumn($"[grey]{column.ToUpperInvariant()}[/]") { Padding = new Padding(0, 0, 2, 0), NoWrap = true });
        return table;
    }

    /// <summary>Asks before something destructive; without a terminal it must be said on the command line.</summary>
    public bool Confirm(string question, bool yes)
    {
        if (yes)
            return true;
        if (!IsInteractive)
            throw new Client.UsageException($"{question} Say --yes to do it without being asked.");
        Error.Markup($"{Markup.Escape(question)} [grey](y/N)[/] ");
        return Console.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    private static IAnsiConsole Make(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        // A pipe has no width: nothing may be cut or wrapped for it.
        if (redirected)
            console.Profile.Width = 4096;
        return console;
    }
}
