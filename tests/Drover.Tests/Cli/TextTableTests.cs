using Drover.Cli.Terminal;
using Spectre.Console;

namespace Drover.Tests.Cli;

public sealed class TextTableTests
{
    private static string[] Render(TextTable table, int width)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text), Interactive = InteractionSupport.No });
        console.Profile.Width = width;
        console.Write(table);
        return text.ToString().TrimEnd('\n').Split('\n');
    }

    private static TextTable Jobs()
    {
        var table = new TextTable().Add("id").Add("where", cutTo: 4, dropRank: 2).Add("job", cutTo: 8).Add("took", right: true, dropRank: 1);
        table.Row("0198", "web-1", "tar -czf /backup/home.tgz /home", "1.5s");
        table.Row("0199", "a", "[green]ls[/]", "12m30s");
        return table;
    }

    [Fact]
    public void Columns_line_up_and_no_line_ends_in_blanks() => Assert.Equal(
        [
            "ID    WHERE  JOB                                TOOK",
            "0198  web-1  tar -czf /backup/home.tgz /home    1.5s",
            "0199  a      ls                               12m30s",
        ],
        Render(Jobs(), 200));

    [Fact]
    public void A_narrow_terminal_cuts_the_widest_column_first() => Assert.Equal(
        [
            "ID    WHERE  JOB                   TOOK",
            "0198  web-1  tar -czf /backup/…    1.5s",
            "0199  a      ls                  12m30s",
        ],
        Render(Jobs(), 39));

    [Fact]
    public void A_narrower_one_leaves_out_the_least_wanted_column() => Assert.Equal(
        [
            "ID    JOB          TOOK",
            "0198  tar -czf…    1.5s",
            "0199  ls         12m30s",
        ],
        Render(Jobs(), 23));

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(17)]
    public void No_row_is_ever_wider_than_the_terminal(int width) => Assert.All(Render(Jobs(), width), line => Assert.True(line.Length <= width, line));

    [Fact]
    public void A_column_that_may_go_and_holds_nothing_goes()
    {
        var table = new TextTable().Add("name").Add("labels", dropRank: 1).Add("state");
        table.Row("vm", "", "ready");
        Assert.Equal(["NAME  STATE", "vm    ready"], Render(table, 80));
    }

    [Fact]
    public void Wide_characters_take_two_places()
    {
        var table = new TextTable().Add("a").Add("b");
        table.Row("日本", "x");
        table.Row("ab", "y");
        Assert.Equal(["A     B", "日本  x", "ab    y"], Render(table, 80));
    }
}
