using System.Xml.Linq;

namespace Drover.Tests.Architecture;

/// <summary>The source tree in which these tests were built.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>Every project file, by its name.</summary>
    public static IReadOnlyDictionary<string, XDocument> Projects { get; } = Files("*.csproj")
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => XDocument.Load(file));

    public static IEnumerable<string> Files(string pattern) => new[] { "src", "tests", "bench" }
        .Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    public static IEnumerable<string> References(string project, string kind) =>
        Projects[project].Descendants(kind).Select(reference => reference.Attribute("Include")!.Value);

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Drover.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("Drover.slnx was not found above " + AppContext.BaseDirectory);
    }
}
