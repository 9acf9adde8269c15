using System.CommandLine;
using Drover.Cli.Verbs;

namespace Drover.Cli.Configuration;

/// <summary>The settings as options of a verb: <c>WORKER_LEASE</c> is <c>--worker-lease</c>.</summary>
internal sealed class SettingOptions
{
    private readonly Dictionary<Setting, Option<string?>> _options;

    private SettingOptions(Dictionary<Setting, Option<string?>> options) => _options = options;

    /// <summary>The data folder's option is everybody's, so it is not among these.</summary>
    public IEnumerable<Option> Options => _options.Where(pair => pair.Key != Settings.Data).Select(pair => pair.Value);

    public static SettingOptions Make() => new(Settings.All.ToDictionary(
        setting => setting,
        setting => setting == Settings.Data ? Verb.Data : new Option<string?>(setting.Option, setting == Settings.QueueUrl ? ["--queue"] : [])
        {
            Description = setting.Help + (setting.Default.Length > 0 ? $" [{setting.Default}]" : ""),
            HelpName = "VALUE",
        }));

    public DroverConfig Load(ParseResult parsed) =>
        SettingsLoader.Load(setting => parsed.GetValue(_options[setting]), Environment.GetEnvironmentVariable, parsed.GetValue(Verb.ConfigFile));
}
