using System.Text;
using Drover.Output;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>Output: pages, live streams that resume, downloads byte for byte.</summary>
public sealed class LogTests
{
    /// <summary>A task that prints numbered lines as fast as the test lets it.</summary>
    private static TaskHandlers Counting(int lines, SemaphoreSlim go) => new TaskHandlers().Add("count", async (context, cancel) =>
    {
        for (int i = 0; i < lines; i++)
        {
            await go.WaitAsync(cancel);
            context.Log($"line {i}");
        }
    });

    [Fact]
    public async Task A_followed_log_can_break_off_anywhere_and_resume_without_a_gap_or_a_repeat()
    {
        using var go = new SemaphoreSlim(0);
        await using var host = await TestHost.StartAsync(handlers: Counting(400, go));
        string id = (await host.Client.Post("jobs", """{"job_type": "count"}""")).Is(201).String("id");
        var text = new StringBuilder();
        string? lastId = null;
        bool ended = false;
        while (!ended)
        {
            await using var events = await EventReader.OpenAsync(host.Client, $"jobs/{id}/logs", lastId);
            for (int i = 0; i < 7 && !ended; i++)
            {
                go.Release(5);
                var e = await events.NextAsync();
                Assert.NotNull(e);
                ended = e.Value.Name == "end";
                if (!ended)
                    text.Append(e.Value.Data.GetProperty("text").GetString());
            }

            lastId = events.LastId;
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 400).Select(i => $"line {i}\n")), text.ToString());
        Assert.Equal(204, (int)(await host.Client.Get($"jobs/{id}/logs", ("Accept", "text/event-stream"), ("Last-Event-ID", lastId!))).Status);
        Assert.Equal(400, (int)(await host.Client.Get($"jobs/{id}/logs", ("Accept", "text/event-stream"), ("Last-Event-ID", "x.end"))).Status);
    }

    [Fact]
    public async Task Whoever_broke_off_between_the_last_line_and_the_end_still_hears_of_the_end()
    {
        using var go = new SemaphoreSlim(1);
        await using var host = await TestHost.StartAsync(handlers: Counting(1, go));
        string id = (await host.Client.Post("jobs", """{"job_type": "count"}""")).Is(201).String("id");
        await EndAsync(host, id);
        string lastLine;
        await using (var events = await EventReader.OpenAsync(host.Client, $"jobs/{id}/logs"))
        {
            Assert.Equal("log", (await events.NextAsync())!.Value.Name);
            lastLine = events.LastId!;
        }

        await using var again = await EventReader.OpenAsync(host.Client, $"jobs/{id}/logs", lastLine);
        Assert.Equal("end", (await again.NextAsync())!.Value.Name);
    }

    [Fact]
    public async Task A_log_topic_resumes_after_a_seq_while_output_flows()
    {
        using var go = new SemaphoreSlim(0);
        await using var host = await TestHost.StartAsync(handlers: Counting(300, go));
        string id = (await host.Client.Post("jobs", """{"job_type": "count"}""")).Is(201).String("id");
        var text = new StringBuilder();
        long after = 0;
        for (bool ended = false; !ended;)
        {
            await using var socket = await Socket.OpenAsync(host);
            await socket.SubscribeAsync($"logs:{id}", after);
            for (int i = 0; i < 6 && !ended; i++)
            {
                go.Release(5);
                var frame = (await socket.NextAsync())!.Value;
                switch (frame.GetProperty("event").GetString())
                {
                    case "log":
                        Assert.True(frame.GetProperty("seq").GetInt64() > after);
                        after = frame.GetProperty("seq").GetInt64();
                        text.Append(frame.GetProperty("data").GetProperty("text").GetString());
                        break;
                    case "end":
                        Assert.Equal("completed", frame.GetProperty("data").GetProperty("status").GetString());
                        ended = true;
                        break;
                }
            }
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 300).Select(i => $"line {i}\n")), text.ToString());
    }

    [Fact]
    public async Task Bytes_come_back_exactly_and_as_text_with_replacement_characters()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        string id = (await host.Client.Post("jobs", """{"command": "printf 'a\\377\\000b\\303\\251\\n'; printf 'err\\376' >&2"}""")).Is(201).String("id");
        await EndAsync(host, id);
        Assert.Equal([(byte)'a', 0xFF, 0, (byte)'b', 0xC3, 0xA9, (byte)'\n'], (await host.Client.Get($"jobs/{id}/stdout")).Is(200).Bytes);
        var stderr = (await host.Client.Get($"jobs/{id}/stderr")).Is(200);
        Assert.Equal([(byte)'e', (byte)'r', (byte)'r', 0xFE], stderr.Bytes);
        Assert.StartsWith("attachment", stderr.Headers["Content-Disposition"]);
        Assert.Equal("application/octet-stream", stderr.MediaType);
        Assert.Contains("sandbox", stderr.Headers["Content-Security-Policy"]);
        var page = (await host.Client.Get($"jobs/{id}/logs?stream=stdout")).Is(200);
        Assert.Equal("a\uFFFD\0bé\n", string.Concat(page["entries"].EnumerateArray().Select(e => e.GetProperty("text").GetString())));
        var exact = (await host.Client.Get($"jobs/{id}/logs?stream=stdout&encoding=base64")).Is(200);
        Assert.Equal([(byte)'a', 0xFF, 0, (byte)'b', 0xC3, 0xA9, (byte)'\n'], exact["entries"].EnumerateArray().SelectMany(e => e.GetProperty("data").GetBytesFromBase64()).ToArray());
        Assert.Contains("\uFFFD", (await host.Client.Get($"jobs/{id}/logs", ("Accept", "text/plain"))).Is(200).Text);
    }

    [Fact]
    public async Task What_was_dropped_is_shown_as_a_gap()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers(), worker: o => o with { OutputMaxBytes = 4096 });
        string id = (await host.Client.Post("jobs", """{"command": "seq 1 5000; echo the end"}""")).Is(201).String("id");
        await EndAsync(host, id);
        var entries = (await host.Client.Get($"jobs/{id}/logs?limit=10000")).Is(200)["entries"].EnumerateArray().ToList();
        var gap = Assert.Single(entries, e => e.GetProperty("stream").GetString() == "gap");
        Assert.True(gap.GetProperty("dropped_bytes").GetInt64() > 10_000);
        string text = (await host.Client.Get($"jobs/{id}/stdout")).Is(200).Text;
        Assert.StartsWith("1\n2\n", text);
        Assert.EndsWith("the end\n", text);
        Assert.Contains("bytes were dropped here", text);
    }

    [Fact]
    public async Task A_viewer_can_open_at_the_tail_and_read_backwards()
    {
        await using var host = await TestHost.StartAsync();
        string id = await PrintedAsync(host, 50);
        var tail = (await host.Client.Get($"jobs/{id}/logs?last=true&limit=10")).Is(200)["entries"].EnumerateArray().Select(e => e.GetProperty("seq").GetInt64()).ToList();
        Assert.Equal(Enumerable.Range(41, 10).Select(i => (long)i), tail);
        var before = (await host.Client.Get($"jobs/{id}/logs?last=true&limit=10&before=41")).Is(200)["entries"].EnumerateArray().Select(e => e.GetProperty("seq").GetInt64()).ToList();
        Assert.Equal(Enumerable.Range(31, 10).Select(i => (long)i), before);
        var after = (await host.Client.Get($"jobs/{id}/logs?after=48")).Is(200);
        Assert.Equal(2, after["entries"].GetArrayLength());
        Assert.Equal(50, after["next"].GetInt64());
        Assert.False(after["complete"].GetBoolean());
    }

    [Fact]
    public async Task A_quiet_stream_shows_that_it_lives()
    {
        await using var host = await TestHost.StartAsync(o => o with { Heartbeat = TimeSpan.FromMilliseconds(50) });
        string id = await PrintedAsync(host, 1);
        foreach (string path in new[] { $"jobs/{id}/logs?follow=true", "events" })
        {
            using var response = await host.Client.GetAsync("/api/v1/" + path, HttpCompletionOption.ResponseHeadersRead).InTimeAsync();
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            for (int beats = 0; beats < 3;)
                beats += (await lines.ReadLineAsync().InTimeAsync())!.StartsWith(": ", StringComparison.Ordinal) ? 1 : 0;
        }
    }

    [Theory]
    [InlineData("after=-1", "after")]
    [InlineData("after=x", "after")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=10001", "limit")]
    [InlineData("stream=both", "stream")]
    [InlineData("attempt=0", "attempt")]
    [InlineData("last=maybe", "last")]
    [InlineData("encoding=hex", "encoding")]
    [InlineData("afer=1", "afer")]
    [InlineData("after=1&after=2", "after")]
    public async Task A_wrong_question_is_told_what_is_wrong(string query, string field)
    {
        await using var host = await TestHost.StartAsync();
        string id = await PrintedAsync(host, 1);
        Assert.NotEmpty((await host.Client.Get($"jobs/{id}/logs?{query}")).Is(400).Error(field));
    }

    [Theory]
    [InlineData("logs")]
    [InlineData("logs?follow=true")]
    [InlineData("stdout")]
    [InlineData("stderr")]
    public async Task A_job_that_is_not_there_has_no_output(string path)
    {
        await using var host = await TestHost.StartAsync();
        (await host.Client.Get($"jobs/{Guid.NewGuid()}/{path}")).Is(404);
    }

    private static Task EndAsync(TestHost host, string id) => Eventually.BecomesAsync("the job ends",
        async () => (await host.Client.Get($"jobs/{id}")).String("status") is "completed" or "failed");

    /// <summary>A running job with that many lines of output.</summary>
    internal static async Task<string> PrintedAsync(TestHost host, int lines, int bytes = 5)
    {
        string id = (await host.Client.Post("jobs", """{"job_type": "by_hand"}""")).Is(201).String("id");
        await using var worker = await host.Broker.ConnectAsync(new()
        {
            Id = "by-hand",
            InstanceId = Guid.NewGuid(),
            Host = "here",
            ProcessId = 1,
            Version = "0",
            Slots = 1,
            Queues = [new("*")],
            Capabilities = new(false, new HashSet<string> { "by_hand" }, new HashSet<string>()),
        });
        var lease = (await worker.LeaseAsync(1))[0];
        for (int done = 0; done < lines; done += 1000)
        {
            var entries = Enumerable.Range(done + 1, Math.Min(1000, lines - done))
                .Select(i => new OutputEntry(i, DateTimeOffset.UnixEpoch, 1, OutputStream.Stdout, Encoding.UTF8.GetBytes(new string('x', bytes - 1) + "\n"))).ToList();
            Assert.True(await worker.AppendOutputAsync(lease.Token, entries, null));
        }

        return id;
    }
}
