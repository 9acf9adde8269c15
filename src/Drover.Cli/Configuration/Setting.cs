namespace Drover.Cli.Configuration;

/// <summary>One setting: its name as an environment variable and in <c>drover.json</c>, its default and its check.</summary>
/// <param name="Name">The variable: <c>WORKER_LEASE</c>. On the command line <c>--worker-lease</c>.</param>
/// <param name="Default">Its default as text; empty for none.</param>
/// <param name="Help">What it does, one line.</param>
/// <param name="Check">Null when a text is a good value, else what is wrong, to be read after the value: <c>must be …</c>.</param>
internal sealed record Setting(string Name, string Default, string Help, Func<string, string?> Check)
{
    /// <summary>Whether its value may hold a secret (a password in a connection string) and is masked when shown.</summary>
    public bool Secret { get; init; }

    /// <summary>Its option on the command line.</summary>
    public string Option { get; } = "--" + (Name.StartsWith("DROVER_", StringComparison.Ordinal) ? Name["DROVER_".Length..] : Name)
        .ToLowerInvariant().Replace('_', '-');
}

/// <summary>Where a value comes from; later ones win.</summary>
internal enum SettingSource
{
    Default,
    File,
    Environment,
    CommandLine,
}

/// <summary>A value in force.</summary>
internal sealed record SettingValue(Setting Setting, string Text, SettingSource Source)
{
    public string SourceName => Source switch
    {
        SettingSource.Default => "default",
        SettingSource.File => "drover.json",
        SettingSource.Environment => "environment",
        _ => "command line",
    };

    /// <summary>The value as it may be shown.</summary>
    public string Shown => Setting.Secret && Source != SettingSource.Default && Text.Length > 0 ? "***" : Text;

    /// <summary>The beginning of every complaint about it.</summary>
    public string Described => $"{Setting.Name} (from {(Source == SettingSource.Default ? "its default" : $"the {SourceName}")}) is '{Shown}'";
}

/// <summary>A setting that cannot be used: one line that names it.</summary>
internal sealed class SettingException(string message) : Exception(message);
