using System.CommandLine;
using System.Text.Json;
using Drover.Cli.Configuration;
using Drover.Cli.Terminal;
using Spectre.Console;

namespace Drover.Cli.Verbs;

/// <summary><c>drover config</c>: what is in force and where each value came from, secrets masked.</summary>
internal static class ConfigVerb
{
    public static Command Make()
    {
        var options = SettingOptions.Make();
        var command = Verb.Make("config", "print the settings in force and where each came from", "drover config", options.Options);
        command.SetAction((parsed, _) => Verb.GuardAsync(() =>
        {
            var config = options.Load(parsed);
            if (parsed.GetValue(Verb.Json))
                PrintJson(config);
            else
                PrintTable(config);
            return Task.FromResult(0);
        }));
        return command;
    }

    private static string Shown(SettingValue value) => value.Setting.Secret && value.Text.Length > 0 ? "***" : value.Text;

    private static void PrintTable(DroverConfig config)
    {
        var screen = new Screen(false);
        var table = Screen.Table("setting", "value", "from", "what it does");
        foreach (var value in config.Values)
            table.AddRow(value.Setting.Name, Words.Cell(Shown(value)), value.Source == SettingSource.Default ? "[grey]default[/]" : $"[yellow]{value.SourceName}[/]", $"[grey]{Words.Cell(value.Setting.Help)}[/]");
        screen.Out.Write(table);
    }

    private static void PrintJson(DroverConfig config)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            foreach (var value in config.Values)
            {
                writer.WriteStartObject(value.Setting.Name);
                writer.WriteString("value", Shown(value));
                writer.WriteString("source", value.SourceName);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        Console.Out.WriteLine(System.Text.Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
