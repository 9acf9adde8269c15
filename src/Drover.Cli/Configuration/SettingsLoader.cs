using System.Text.Json;

namespace Drover.Cli.Configuration;

/// <summary>Gathers the settings: command line over environment over <c>drover.json</c> over defaults.</summary>
internal static class SettingsLoader
{
    /// <summary>The file that is read when none is named.</summary>
    public const string FileName = "drover.json";

    /// <summary>The values in force, checked.</summary>
    /// <param name="commandLine">What the command line says of a setting; null for nothing.</param>
    /// <param name="environment">What the environment says of a variable; null for nothing.</param>
    /// <param name="file">The configuration file's path; null for <see cref="FileName"/>, which need not be there.</param>
    /// <exception cref="SettingException">A value cannot be used; the message is one line that names it.</exception>
    public static DroverConfig Load(Func<Setting, string?> commandLine, Func<string, string?> environment, string? file)
    {
        var config = new DroverConfig(Choose(Settings.All, commandLine, environment, file));
        config.Check();
        return config;
    }

    /// <summary>
    /// What a program needs that talks to a running Drover. Other settings are none of its business: a
    /// <c>DATABASE_URL</c> in its environment may belong to another program.
    /// </summary>
    /// <exception cref="SettingException">A value cannot be used.</exception>
    public static DroverConfig ForClient(string? data, string? file) =>
        new(Choose(Settings.OfClient, setting => setting == Settings.Data ? data : null, Environment.GetEnvironmentVariable, file));

    private static Dictionary<Setting, SettingValue> Choose(
        IReadOnlyList<Setting> settings, Func<Setting, string?> commandLine, Func<string, string?> environment, string? file)
    {
        var fromFile = ReadFile(file);
        var values = new Dictionary<Setting, SettingValue>();
        foreach (var setting in settings)
        {
            var value = Choose(setting, commandLine(setting), environment(setting.Name), fromFile.GetValueOrDefault(setting.Name));
            if (setting.Check(value.Text) is { } wrong)
                throw new SettingException($"{value.Described}: it {wrong}.");
            values[setting] = value;
        }

        return values;
    }

    private static SettingValue Choose(Setting setting, string? commandLine, string? environment, string? file)
    {
        if (commandLine is not null)
            return new(setting, commandLine.Trim(), SettingSource.CommandLine);
        // An empty variable is what compose files and shells leave behind for "not set".
        if (!string.IsNullOrWhiteSpace(environment))
            return new(setting, environment.Trim(), SettingSource.Environment);
        return file is not null ? new(setting, file.Trim(), SettingSource.File) : new(setting, setting.Default, SettingSource.Default);
    }

    private static Dictionary<string, string> ReadFile(string? given)
    {
        string path = given ?? FileName;
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (given is null && !File.Exists(path))
            return values;
        try
        {
            var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new SettingException($"{path}: must be an object of settings, such as {{\"SERVER_ADDR\": \"127.0.0.1:8080\"}}.");
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!values.TryAdd(NameIn(path, property), TextOf(path, property)))
                    throw new SettingException($"{path}: '{property.Name}' stands in it twice.");
            }
        }
        catch (JsonException wrong)
        {
            throw new SettingException($"{path}: line {wrong.LineNumber + 1}: it is not JSON.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{path}: it cannot be read: {unreadable.Message}");
        }

        return values;
    }

    private static string NameIn(string path, JsonProperty property) =>
        Settings.All.FirstOrDefault(s => s.Name.Equals(property.Name, StringComparison.OrdinalIgnoreCase))?.Name
            ?? throw new SettingException($"{path}: there is no setting '{property.Name}'.{Verbs.Nearest.Hint(property.Name, Settings.All.Select(s => s.Name))} `drover config` lists those there are.");

    private static string TextOf(string path, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        JsonValueKind.Array when property.Value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            string.Join(',', property.Value.EnumerateArray().Select(item => item.GetString())),
        _ => throw new SettingException($"{path}: {property.Name} must be a text, a number or a list of texts."),
    };
}
