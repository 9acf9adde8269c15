using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>The main job by plain HTTP: a command is submitted, runs on this machine, its output and its end are seen.</summary>
public sealed class SmokeTests
{
    [Fact]
    public async Task A_command_runs_and_tells_its_output_and_exit_code()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        var created = (await host.Client.Post("jobs", """{"command": "echo", "args": "hello; exit 3"}""")).Is(201);
        string id = created.String("id");
        Assert.Equal($"/api/v1/jobs/{id}", created.Headers["Location"]);
        Assert.Equal("queued", created.String("status"));
        await Eventually.BecomesAsync("the job ends", async () => (await host.Client.Get($"jobs/{id}")).String("status") == "failed");
        var job = (await host.Client.Get($"jobs/{id}")).Is(200);
        Assert.Equal(3, job["exit_code"].GetInt32());
        Assert.Equal("exit_code", job.String("reason"));
        var log = (await host.Client.Get($"jobs/{id}/logs")).Is(200);
        Assert.Equal("hello\n", log["entries"][0].GetProperty("text").GetString());
        Assert.True(log["complete"].GetBoolean());
        Assert.Equal("hello\n", (await host.Client.Get($"jobs/{id}/stdout")).Is(200).Text);
        Assert.Equal("hello\n", (await host.Client.Get($"jobs/{id}/logs?follow=true", ("Accept", "text/plain"))).Is(200).Text);
        Assert.Contains("event: end", (await host.Client.Get($"jobs/{id}/logs?follow=true")).Is(200).Text);
        Assert.Empty(host.Log.Errors);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/api/v1/system/info")]
    [InlineData("/api/v1/system/enhanced")]
    [InlineData("/api/v1/jobs")]
    [InlineData("/api/v1/jobs/counts")]
    [InlineData("/api/v1/servers")]
    [InlineData("/api/v1/servers/local")]
    [InlineData("/api/v1/files/pem")]
    [InlineData("/api/v1/queues")]
    [InlineData("/api/v1/queues/default/stats")]
    [InlineData("/api/v1/workers")]
    [InlineData("/api/v1/workers/stats")]
    [InlineData("/api/v1/session")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs/")]
    public async Task Every_page_answers(string path)
    {
        await using var host = await TestHost.StartAsync();
        (await host.Client.Get(path)).Is(200);
        Assert.Empty(host.Log.Errors);
    }
}
