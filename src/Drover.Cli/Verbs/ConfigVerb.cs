using System.CommandLine;
using System.Text;
using System.Text.Json;
using Drover.Cli.Configuration;
using Drover.Cli.Terminal;

namespace Drover.Cli.Verbs;

/// <summary><c>drover config</c>: what is in force and where each value came from, secrets masked.</summary>
internal static class ConfigVerb
{
    public static Command Make()
    {
        var options = SettingOptions.Make();
        var command = Verb.Make("config", "print the settings in force and where each came from", "drover config\nWORKER_LEASE=1m drover config --json", options.Options)
            .Usage("drover config [settings] [--json]");
        command.SetAction(parsed =>
        {
            var config = options.Load(parsed);
            if (parsed.GetValue(Verb.Json))
                PrintJson(config);
            else
                PrintTable(config);
            return 0;
        });
        return command;
    }

    private static void PrintTable(DroverConfig config)
    {
        var table = new TextTable().Add("setting").Add("value", cutTo: 20).Add("from").Add("what it is", cutTo: 20, dropRank: 1);
        foreach (var value in config.Values)
        {
            string from = value.Source == SettingSource.Default ? "[grey]default[/]" : $"[yellow]{value.SourceName}[/]";
            table.Row(value.Setting.Name, value.Shown.Length > 0 ? Words.Cell(value.Shown) : "[grey]none[/]", from, $"[grey]{Words.Cell(value.Setting.Help)}[/]");
        }

        new Screen(false).Write(table);
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
                writer.WriteString("value", value.Shown);
                writer.WriteString("source", value.SourceName);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
