using System.Text.RegularExpressions;
using Drover.Migration;

namespace Drover.Tests.Architecture;

/// <summary>A new kind of document must not be forgotten by <c>drover migrate</c>.</summary>
public sealed partial class MigratedKindsTests
{
    [Fact]
    public void Every_kind_of_document_is_migrated()
    {
        var used = Repository.Files("*.cs").Where(file => file.Contains("/src/", StringComparison.Ordinal)).SelectMany(file => KindConstant().Matches(File.ReadAllText(file))).Select(m => m.Groups[1].Value).Distinct().ToList();
        Assert.Contains("server", used);
        Assert.Contains("schedule", used);
        Assert.Empty(used.Except(StoreMigration.Kinds));
    }

    [GeneratedRegex("""const string \w*Kind = "([a-z_]+)"[,;]""")]
    private static partial Regex KindConstant();
}
