using Drover.Cli.Verbs;

namespace Drover.Tests.Cli;

public sealed class NearestTests
{
    private static readonly string[] Names = ["web-1", "web-2", "database", "cache-eu", "local"];

    [Theory]
    [InlineData("wbe-1", "web-1")]
    [InlineData("databse", "database")]
    [InlineData("CACHE", "cache-eu")]
    [InlineData("locl", "local")]
    public void What_was_meant_comes_first(string text, string expected) => Assert.Equal(expected, Nearest.Of(text, Names)[0]);

    [Theory]
    [InlineData("zzz")]
    [InlineData("x")]
    public void What_is_near_nothing_gets_no_hint(string text) => Assert.Equal("", Nearest.Hint(text, Names));
}
