using System.Text.Json;

namespace Drover.Cli.Configuration;

/// <summary>Gathers the settings: command line over environment over <c>drover.json</c> over defaults.</summary>
internal static class SettingsLoader
{
    public const string FileName = "drover.json";

    /// <summary>The values in force, checked one by one.</summary>
    /// <param name="commandLine">What the command line says of a setting; null for nothing.</param>
    /// <param name="environment">What the environment says of a variable; null for nothing.</param>
    /// <param name="file">The path of <c>drover.json</c>; it need not be there.</param>
    /// <exception cref="SettingException">A value cannot be used; the message is one line that names it.</exception>
    public static DroverConfig Load(Func<Setting, string?> commandLine, Func<string, string?> environment, string file)
    {
        var fromFile = ReadFile(file);
        var values = new Dictionary<Setting, SettingValue>();
        foreach (var setting in Settings.All)
        {
            var value = Choose(setting, commandLine(setting), environment(setting.Name), fromFile.GetValueOrDefault(setting.Name));
            if (setting.Check(value.Text) is { } wrong)
                throw new SettingException($"{setting.Name} (from {value.SourceName}) is '{(setting.Secret ? "***" : value.Text)}': it {wrong}.");
            values[setting] = value;
        }

        var config = new DroverConfig(values);
        config.Check();
        return config;
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

    private static Dictionary<string, string> ReadFile(string path)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path))
            return values;
        try
        {
            var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new SettingException($"{path}: must be an object of settings, such as {{\"SERVER_ADDR\": \"127.0.0.1:8080\"}}.");
            foreach (var property in document.RootElement.EnumerateObject())
                values[NameIn(path, property)] = TextOf(path, property);
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
            ?? throw new SettingException($"{path}: there is no setting '{property.Name}'. `drover config` lists those there are.");

    private static string TextOf(string path, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        JsonValueKind.Array when property.Value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            string.Join(',', property.Value.EnumerateArray().Select(item => item.GetString())),
        _ => throw new SettingException($"{path}: {property.Name} must be a text, a number or a list of texts."),
    };
}
