namespace Drover.Tests.Architecture;

/// <summary>Keeps the house as it was drawn: references point one way, the library stays light, files stay small.</summary>
public sealed class ArchitectureTests
{
    /// <summary>What each project under src may reference. A new arrow is a decision: change it here with the reason in the commit.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Drover"] = [],
        ["Drover.Sqlite"] = ["Drover"],
        ["Drover.Postgres"] = ["Drover"],
        ["Drover.Redis"] = ["Drover"],
        ["Drover.NetQueue"] = ["Drover"],
        ["Drover.Ssh"] = ["Drover"],
        ["Drover.Server"] = ["Drover"],
        // One package for a developer: the stores a program may keep its jobs in come with it.
        ["Drover.Hosting"] = ["Drover", "Drover.Sqlite", "Drover.Postgres", "Drover.NetQueue"],
        // Apart, for Entity Framework comes with it.
        ["Drover.EntityFrameworkCore"] = ["Drover", "Drover.Hosting"],
        // The same for a developer of a web program, with API and dashboard inside it.
        ["Drover.AspNetCore"] = ["Drover", "Drover.Hosting", "Drover.Server"],
        ["Drover.Testing"] = ["Drover", "Drover.Hosting"],
        ["Drover.Cli"] = ["Drover", "Drover.Server", "Drover.Sqlite", "Drover.Postgres", "Drover.Redis", "Drover.NetQueue", "Drover.Ssh"],
    };

    private static IEnumerable<string> SourceProjects => Repository.Files("*.csproj")
        .Where(file => Path.GetRelativePath(Repository.Root, file).StartsWith("src", StringComparison.Ordinal))
        .Select(file => Path.GetFileNameWithoutExtension(file)!);

    [Fact]
    public void References_point_one_way()
    {
        var wrong = SourceProjects.SelectMany(project => Repository.References(project, "ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
            .Where(target => !Arrows.TryGetValue(project, out string[]? allowed) || !allowed.Contains(target))
            .Select(target => $"{project} -> {target}"));
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_source_project_stands_in_the_drawing() => Assert.Empty(SourceProjects.Except(Arrows.Keys));

    [Fact]
    public void The_library_references_only_abstractions_of_Microsoft_Extensions_and_a_cron_parser()
    {
        var wrong = Repository.References("Drover", "PackageReference")
            .Where(package => package != "Cronos" && (!package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || !package.EndsWith(".Abstractions", StringComparison.Ordinal)));
        Assert.Empty(wrong);
        Assert.Empty(Repository.References("Drover", "FrameworkReference"));
    }

    [Fact]
    public void Every_package_says_what_it_is() =>
        Assert.DoesNotContain(SourceProjects.Except(["Drover.Cli"]), project => Repository.Projects[project].Descendants("Description").SingleOrDefault() is not { Value.Length: > 0 });

    [Fact]
    public void Source_files_stay_small()
    {
        var sizes = Repository.Files("*.cs").Select(file => (File: Path.GetRelativePath(Repository.Root, file), Lines: File.ReadLines(file).Count())).ToList();
        Assert.NotEmpty(sizes);
        Assert.Empty(sizes.Where(s => s.Lines > 400).Select(s => $"{s.File} has {s.Lines} lines; split it by concern"));
    }
}
