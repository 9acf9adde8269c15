using System.Reflection;

namespace Drover.Cli;

/// <summary>The program's version.</summary>
internal static class Version
{
    public static string Text { get; } =
        typeof(Version).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
