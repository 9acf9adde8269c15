using System.Diagnostics.Metrics;
using Drover.Telemetry;
using Drover.Tests.Architecture;

namespace Drover.Tests.Docs;

/// <summary>The C# of the pages is code that compiles: each paragraph of it stands, line for line, in a file of a folder <c>Docs</c> of the tests.</summary>
public sealed class DocsTests
{
    private static readonly List<string[]> Compiled =
    [
        .. Repository.Files("*.cs").Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "Docs" && Path.GetFileName(file) != "DocsTests.cs")
            .Select(file => File.ReadLines(file).Select(Plain).Where(line => line.Length > 0).ToArray()),
    ];

    public static TheoryData<string> Pages =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Where(file => Paragraphs(file).Any()).Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_code_of_a_page_is_compiled(string page)
    {
        foreach (string[] paragraph in Paragraphs(Path.Combine(Repository.Root, "docs", page)))
        {
            Assert.True(Compiled.Any(file => file.AsSpan().IndexOf(paragraph) >= 0),
                $"docs/{page} has code that is in no file of a folder Docs of the tests, where it would be compiled:\n{string.Join('\n', paragraph)}");
        }
    }

    [Fact]
    public void The_metrics_of_the_page_are_those_that_there_are()
    {
        var there = new SortedSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == DroverTelemetry.Name)
                {
                    lock (there)
                        there.Add(instrument.Name);
                }
            },
        };
        listener.Start();
        using var metrics = new BrokerMetrics(() => []);
        var told = File.ReadLines(Path.Combine(Repository.Root, "docs", "dotnet.md"))
            .Where(line => line.StartsWith("| `drover.", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);
        lock (there)
            Assert.Equal(there, told.Order(StringComparer.Ordinal));
    }

    /// <summary>What stands between empty lines, and lines that leave something out, of the C# of a page.</summary>
    private static IEnumerable<string[]> Paragraphs(string file)
    {
        var lines = new List<string>();
        bool code = false;
        foreach (string line in File.ReadLines(file).Append("```"))
        {
            bool fence = line.StartsWith("```", StringComparison.Ordinal);
            if (code && !fence && Plain(line).Length > 0 && !line.StartsWith('…'))
            {
                lines.Add(Plain(line));
                continue;
            }

            if (lines.Count > 0)
                yield return [.. lines];
            lines.Clear();
            if (fence)
                code = line == "```csharp";
        }
    }

    // A page may show a part of a statement, and indents it as it likes.
    private static string Plain(string line) => line.Trim().TrimEnd(';');
}
