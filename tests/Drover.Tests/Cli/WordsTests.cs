using Drover.Cli.Terminal;
using Drover.Jobs;

namespace Drover.Tests.Cli;

public sealed class WordsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0.4, "now")]
    [InlineData(12.9, "12s ago")]
    [InlineData(61, "1m ago")]
    [InlineData(7199, "1h ago")]
    [InlineData(86_400 * 3, "3d ago")]
    [InlineData(-90, "in 1m")]
    public void Distances_are_told_in_one_unit(double seconds, string expected) => Assert.Equal(expected, Words.Ago(Now.AddSeconds(-seconds), Now));

    [Theory]
    [InlineData(0.0004, "0ms")]
    [InlineData(0.2599, "259ms")]
    [InlineData(2.18, "2.1s")]
    [InlineData(59.99, "59.9s")]
    [InlineData(61, "1m01s")]
    [InlineData(3600, "1h00m")]
    [InlineData(90_000, "1d01h")]
    public void Durations_never_round_up_into_the_next_unit(double seconds, string expected) => Assert.Equal(expected, Words.Duration(seconds));

    [Theory]
    [InlineData(JobStatus.Completed, 0, null, null, 0)]
    [InlineData(JobStatus.Failed, 3, null, "exit_code", 3)]
    [InlineData(JobStatus.Failed, null, "KILL", "signal", 137)]
    [InlineData(JobStatus.Failed, 137, null, "timeout", 124)]
    [InlineData(JobStatus.Canceled, 143, "TERM", null, 130)]
    [InlineData(JobStatus.Failed, null, null, "worker_lost", 1)]
    [InlineData(JobStatus.Failed, 0, null, "output_lost", 1)]
    public void A_jobs_end_is_an_exit_code(JobStatus status, int? exit, string? signal, string? reason, int expected) =>
        Assert.Equal(expected, Words.ExitCode(status, exit, signal, reason));

    [Theory]
    [InlineData(JobStatus.Failed, 3, null, "exit_code", "exit 3")]
    [InlineData(JobStatus.Failed, 143, "TERM", "timeout", "timeout")]
    [InlineData(JobStatus.Failed, null, "SEGV", "signal", "signal SEGV")]
    [InlineData(JobStatus.Failed, null, null, "worker_lost", "worker lost")]
    [InlineData(JobStatus.Completed, 0, null, null, "")]
    [InlineData(JobStatus.Canceled, 143, "TERM", "canceled", "")]
    public void A_jobs_end_is_told_in_a_word_or_two(JobStatus status, int? exit, string? signal, string? reason, string expected) =>
        Assert.Equal(expected, Words.Ending(status, exit, signal, reason));

    [Fact]
    public void What_a_job_is_called_cannot_move_the_cursor_or_colour_the_screen()
    {
        Assert.Equal("a\uFFFD[2Jb\uFFFDc d", Words.Plain("a\e[2Jb\u009Bc\td"));
        Assert.Equal("[[red]]x", Words.Cell("[red]x"));
        Assert.Equal("two\nlines", Words.Plain("two\nlines"));
    }

    [Theory]
    [InlineData(1, "1 job")]
    [InlineData(0, "0 jobs")]
    [InlineData(12_345, "12,345 jobs")]
    public void Things_are_counted(long n, string expected) => Assert.Equal(expected, Words.Count(n, "job"));
}
