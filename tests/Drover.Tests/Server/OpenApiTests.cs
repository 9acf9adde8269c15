using Drover.Tests.Architecture;

namespace Drover.Tests.Server;

/// <summary>The API's document is a contract: whoever changes it sees that he does.</summary>
public sealed class OpenApiTests
{
    private static readonly string Copy = Path.Combine(Repository.Root, "docs", "openapi.json");

    /// <summary>Set DROVER_UPDATE_OPENAPI=1 to write the copy anew.</summary>
    [Fact]
    public async Task The_document_is_the_committed_copy()
    {
        await using var host = await TestHost.StartAsync();
        string document = (await host.Client.Get("/openapi/v1.json")).Is(200).Text.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("DROVER_UPDATE_OPENAPI") == "1")
            await File.WriteAllTextAsync(Copy, document);
        Assert.True(File.Exists(Copy) && await File.ReadAllTextAsync(Copy) == document,
            "The API's document has changed. If it was meant to, run this test with DROVER_UPDATE_OPENAPI=1 and commit docs/openapi.json.");
    }
}
