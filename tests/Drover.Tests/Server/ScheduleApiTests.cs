using System.Text.Json;
using Drover.Schedules;
using Drover.Tests.Support;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Tests.Server;

public sealed class ScheduleApiTests
{
    [Fact]
    public async Task A_schedule_fires_commands_that_are_found_by_its_tag()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        using var scheduler = new Scheduler(host.Services.GetRequiredService<ScheduleCatalog>(), host.Broker, TimeProvider.System, NullLoggerFactory.Instance);
        await scheduler.StartAsync(default);
        var made = (await host.Client.Post("schedules",
            """{"name": "tick", "cron": "* * * * * *", "overlap": "allow", "job": {"command": "echo", "tags": ["mine"], "env": {"A": "b"}, "args": ["tick"]}}""")).Is(201);
        Assert.Equal("echo tick", made.String("preview"));
        await Eventually.BecomesAsync("two jobs are completed", async () =>
            (await host.Client.Get("jobs/counts?tag=schedule:tick"))["completed"].GetInt32() >= 2);

        var paused = (await host.Client.Post("schedules/tick/pause")).Is(200);
        Assert.False(paused.Has("next_at"));
        var shown = (await host.Client.Get("schedules/tick")).Is(200);
        Assert.Equal(["tick"], shown["job.args"].EnumerateArray().Select(a => a.GetString()));
        Assert.Equal("b", shown.String("job.env.A"));
        var last = (await host.Client.Get($"jobs/{shown.String("last_job_id")}")).Is(200);
        Assert.Equal("schedule tick", last.String("created_by"));
        Assert.Equal(["mine", "schedule:tick"], last["tags"].EnumerateArray().Select(t => t.GetString()));
        await scheduler.StopAsync(default);
    }

    [Fact]
    public async Task What_is_shown_can_be_sent_again_as_it_is()
    {
        await using var host = await TestHost.StartAsync();
        string made = (await host.Client.Post("schedules",
            """{"name": "s", "cron": "*/5 * * * *", "timezone": "Europe/Berlin", "catch_up": "one", "overlap": "queue", "jitter": 7, "job": {"job_type": "mail", "payload": {"to": [1, null]}, "priority": 3}}""")).Is(201).Text;
        var shown = JsonElement.Parse(made);
        string again = JsonSerializer.Serialize(new Dictionary<string, JsonElement>(
            shown.EnumerateObject().Where(p => p.Name is "name" or "cron" or "timezone" or "catch_up" or "overlap" or "jitter" or "paused" or "job").Select(p => KeyValuePair.Create(p.Name, p.Value))));
        var changed = (await host.Client.Send("PUT", "schedules/s", again)).Is(200);
        foreach (string field in (string[])["cron", "timezone", "catch_up", "overlap", "jitter", "job", "preview", "next_at", "created_at"])
            Assert.Equal(shown.GetProperty(field).ToString(), changed[field].ToString());
    }

    [Fact]
    public async Task Wrong_fields_are_named_and_names_are_unique()
    {
        await using var host = await TestHost.StartAsync();
        var wrong = (await host.Client.Post("schedules", """{"name": "s", "cron": "61 * * * *", "timezone": "Nowhere", "jitter": 1e9, "job": {"command": "true", "priority": 11, "delay": 5}}""")).Is(400);
        foreach (string field in (string[])["cron", "timezone", "jitter", "job.priority", "job.run_at"])
            Assert.NotEmpty(wrong.Error(field));
        Assert.NotEmpty((await host.Client.Post("schedules", """{"name": "s", "cron": "@daily"}""")).Is(400).Error("job"));
        Assert.NotEmpty((await host.Client.Post("schedules", """{"name": "s", "cron": "@daily", "job": {"command": "true", "server_id": "nobody"}}""")).Is(400).Error("job.server_id"));
        foreach (var (field, link) in ((string, string)[])[("origin_id", $"\"{Guid.NewGuid()}\""), ("after", $$"""{"job_id": "{{Guid.NewGuid()}}"}"""), ("then", """[{"command": "true"}]""")])
            Assert.NotEmpty((await host.Client.Post("schedules", $$$"""{"name": "s", "cron": "@daily", "job": {"command": "true", "{{{field}}}": {{{link}}} }}""")).Is(400).Error("job." + field));
        Assert.NotEmpty((await host.Client.Post("schedules/preview", """{"cron": "x"}""")).Is(400).Error("cron"));

        (await host.Client.Post("schedules", """{"name": "s", "cron": "@daily", "job": {"command": "true"}}""")).Is(201);
        (await host.Client.Post("schedules", """{"name": "S", "cron": "@daily", "job": {"command": "true"}}""")).Is(409);
    }

    [Fact]
    public async Task A_server_with_schedules_is_not_removed_from_under_them()
    {
        await using var host = await TestHost.StartAsync();
        (await host.Client.Post("servers", """{"name": "web", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "password", "password": "p"}""")).Is(201);
        (await host.Client.Post("schedules", """{"name": "nightly", "cron": "@daily", "job": {"command": "true", "server_id": "web"}}""")).Is(201);
        Assert.Contains("nightly", (await host.Client.Delete("servers/web")).Is(409).String("detail"), StringComparison.Ordinal);
        (await host.Client.Delete("schedules/nightly")).Is(204);
        (await host.Client.Delete("servers/web")).Is(204);
    }

    [Fact]
    public async Task Ten_times_are_shown_in_the_zone()
    {
        await using var host = await TestHost.StartAsync();
        var times = (await host.Client.Post("schedules/preview", """{"cron": "0 12 * * *", "timezone": "Asia/Tokyo"}""")).Is(200);
        Assert.Equal(10, times["times"].GetArrayLength());
        Assert.All(times["times"].EnumerateArray(), t => Assert.Contains("T03:00:00", t.GetString(), StringComparison.Ordinal));
        Assert.All(times["local"].EnumerateArray(), t => Assert.EndsWith("12:00:00 +09:00", t.GetString(), StringComparison.Ordinal));
    }
}
