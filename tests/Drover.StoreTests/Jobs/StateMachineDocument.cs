using System.Reflection;
using System.Text.RegularExpressions;

namespace Drover.StoreTests.Jobs;

public sealed partial class StateMachineDocument
{
    [Fact]
    public void The_page_and_the_tests_name_the_same_arrows()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Drover.slnx")))
            root = root.Parent;
        string page = File.ReadAllText(Path.Combine(root!.FullName, "docs", "state-machine.md"));
        var drawn = Arrow().Matches(page).Select(match => match.Groups[1].Value).Order();
        var tested = typeof(JobConformance).GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null && char.IsLower(method.Name[0]))
            .Select(method => method.Name).Order();
        Assert.Equal(tested, drawn);
    }

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
