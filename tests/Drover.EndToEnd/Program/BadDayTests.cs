using System.Text;
using System.Text.Json.Nodes;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>Jobs and clients that behave badly, against the real program.</summary>
public sealed class BadDayTests
{
    [Fact]
    public async Task Ten_thousand_jobs_submitted_at_once_all_complete()
    {
        await using var drover = await RunningDrover.StartAsync("--log-level", "warn");
        var jobs = new JsonArray([.. Enumerable.Range(0, 10_000).Select(_ => (JsonNode)new JsonObject { ["job_type"] = "noop" })]);
        var answer = await drover.PostAsync("jobs/bulk", new JsonObject { ["jobs"] = jobs });
        Assert.Equal(10_000, answer["ids"]!.AsArray().Select(id => id!.GetValue<string>()).Distinct().Count());
        await RunningDrover.WaitAsync(async () => await drover.CountAsync("completed") == 10_000, () => "Not all complete.\n" + drover.Log, seconds: 120);
        Assert.Equal(10_000, await drover.CountAsync("total"));
    }

    [Fact]
    public async Task Output_far_beyond_the_limit_keeps_head_tail_and_gap_in_bounded_memory()
    {
        await using var drover = await RunningDrover.StartAsync("--output-max-bytes", "1MB", "--log-level", "warn");
        Assert.Equal(0, (await drover.CliAsync("run", "--", "true")).Code);
        long before = drover.Memory("VmRSS");
        string id = await drover.SubmitAsync("echo first; yes 0123456789abcdef | head -c 200000000; echo; echo last");
        Assert.Equal("completed", (await drover.EndOfAsync(id))["status"]!.GetValue<string>());
        long grown = drover.Memory("VmHWM") - before;
        Assert.True(grown < 150, $"It grew by {grown} MiB from {before}.");

        var logs = await drover.CliAsync("job", "logs", id);
        Assert.StartsWith("first\n", logs.Text, StringComparison.Ordinal);
        Assert.EndsWith("\nlast\n", logs.Text, StringComparison.Ordinal);
        Assert.InRange(logs.Out.Length, 256 * 1024, 2 << 20);
        Assert.Contains("of output were not kept", logs.ErrorText, StringComparison.Ordinal);
        var entries = await drover.CliAsync("job", "logs", id, "--json");
        long dropped = entries.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(line => JsonNode.Parse(line)!["dropped_bytes"]?.GetValue<long>() ?? 0);
        Assert.Equal(200_000_000 + "first\n\nlast\n".Length, dropped + logs.Out.Length);
    }

    [Fact]
    public async Task One_line_of_twenty_megabytes_comes_through()
    {
        await using var drover = await RunningDrover.StartAsync();
        var ended = await drover.CliAsync("run", "--", "head -c 20000000 /dev/zero | tr '\\0' x");
        Assert.True(ended.Code == 0, ended.ErrorText);
        Assert.Equal(20_000_000, ended.Out.Length);
        Assert.True(ended.Out.AsSpan().IndexOfAnyExcept((byte)'x') < 0);
    }

    [Fact]
    public async Task A_background_process_that_holds_the_output_does_not_hold_the_job_and_is_told()
    {
        await using var drover = await RunningDrover.StartAsync();
        string mark = "mark" + Guid.NewGuid().ToString("N");
        var ended = await drover.CliAsync("run", "--env", $"MARK={mark}", "--", "sleep 306 & echo main");
        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Equal("main\n", ended.Text);
        try
        {
            Assert.NotEmpty(ShellHost.Marked(mark));
            Assert.Contains("A background process still holds the output", ended.ErrorText, StringComparison.Ordinal);
        }
        finally
        {
            foreach (string line in ShellHost.Marked(mark))
                await ShellHost.ToolAsync("kill", "-9", line.Split(':')[0]);
        }
    }

    [Fact]
    public async Task A_client_that_opens_a_log_and_never_reads_hurts_nobody()
    {
        await using var drover = await RunningDrover.StartAsync("--log-level", "warn", "--output-max-bytes", "256MB");
        string id = await drover.SubmitAsync("yes 0123456789abcdef | head -c 60000000");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/logs?follow=true");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stuck = await drover.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(stuck.IsSuccessStatusCode);
        Assert.Equal("completed", (await drover.EndOfAsync(id))["status"]!.GetValue<string>());
        Assert.Equal("others go on\n", (await drover.CliAsync("run", "--", "echo others go on")).Text);
        Assert.Equal(60_000_000, (await drover.Http.GetByteArrayAsync($"jobs/{id}/stdout")).Length);
        Assert.True(drover.Memory("VmHWM") < 600, $"It took {drover.Memory("VmHWM")} MiB.");
    }

    [Theory]
    [InlineData("{", 400)]
    [InlineData("", 400)]
    [InlineData("null", 400)]
    [InlineData("[]", 400)]
    [InlineData("\"text\"", 400)]
    [InlineData("{\"command\": 5, \"server_id\": \"local\"}", 400)]
    [InlineData("{\"command\": \"true\", \"server_id\": \"local\", \"priority\": \"high\"}", 400)]
    [InlineData("{\"command\": \"true\", \"server_id\": \"local\", \"priority\": 11}", 400)]
    [InlineData("{\"command\": \"true\", \"server_id\": \"local\", \"comand\": \"x\"}", 400)]
    [InlineData("{\"command\": \"true\", \"server_id\": \"nowhere\"}", 400)]
    [InlineData("HUGE", 413)]
    [InlineData("DEEP", 400)]
    public async Task Bad_bodies_get_a_problem_and_the_program_lives(string body, int status)
    {
        await using var drover = await RunningDrover.StartAsync();
        string sent = body switch
        {
            "HUGE" => $"{{\"script\": \"{new string('x', 40 << 20)}\", \"server_id\": \"local\"}}",
            "DEEP" => $"{{\"job_type\": \"noop\", \"payload\": {new string('[', 5000)}{new string(']', 5000)}}}",
            _ => body,
        };
        using var content = new StringContent(sent, Encoding.UTF8, "application/json");
        try
        {
            using var answer = await drover.Http.PostAsync("jobs", content);
            string text = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode is int got && (got == status || (status == 400 && got is 404 or 422)), $"{(int)answer.StatusCode}: {text}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal((int)answer.StatusCode, JsonNode.Parse(text)!["status"]!.GetValue<int>());
        }
        catch (HttpRequestException) when (body == "HUGE")
        {
            // Refused while it was still being sent, so that the answer may not have been read.
        }

        Assert.False(drover.Program.Ended);
        Assert.Equal(0, await drover.CountAsync("total"));
        Assert.Equal("alive\n", (await drover.CliAsync("run", "--", "echo alive")).Text);
    }
}
