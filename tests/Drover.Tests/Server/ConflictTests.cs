using System.Text.Json.Nodes;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>What the state of things does not allow: each operation that documents a 409 gives one here, and changes nothing.</summary>
public sealed class ConflictTests
{
    [Fact]
    public async Task Every_documented_conflict_answers_409_says_why_and_changes_nothing()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        string done = await JobAsync(host, """{"command": "true"}""", "completed");
        string running = await JobAsync(host, """{"command": "sleep 300"}""", "running");
        foreach (string name in (string[])["first", "second"])
        {
            (await host.Client.Post("servers", $$"""{"name": "{{name}}", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "password", "password": "p"}""")).Is(201);
            (await host.Client.Post("schedules", $$$"""{"name": "{{{name}}}", "cron": "@yearly", "job": {"command": "true"}}""")).Is(201);
        }

        await ApiRows.UploadAsync(host, "used");
        (await host.Client.Post("servers", """{"name": "keyed", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "key", "key_name": "used"}""")).Is(201);
        (await host.Client.Post("servers", """{"name": "busy", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "password", "password": "p"}""")).Is(201);
        (await host.Client.Post("jobs", """{"command": "true", "server_id": "busy", "delay": 3600}""")).Is(201);
        const string Fingerprint = "SHA256:uNiVztksCsDhcc0u9e8BrIJq1X1gCDpfZK9UOoXMyAI";
        var rows = new Dictionary<string, ApiRow>
        {
            ["updateJob"] = new($"jobs/{done}", """{"priority": 1}"""),
            ["deleteJob"] = new($"jobs/{running}"),
            ["rerunJob"] = new($"jobs/{running}/rerun"),
            ["cancelJob"] = new($"jobs/{done}/cancel"),
            ["retryJob"] = new($"jobs/{done}/retry"),
            ["addServer"] = new("servers", """{"name": "first", "hostname": "127.0.0.1", "user": "u", "auth_type": "password", "password": "p"}"""),
            ["changeServer"] = new("servers/second", """{"name": "first", "hostname": "127.0.0.1", "user": "u", "auth_type": "password"}"""),
            ["removeServer"] = new("servers/busy"),
            ["trustHostKey"] = new("servers/first/host-key", $$"""{"fingerprint": "{{Fingerprint}}"}"""),
            ["deleteKey"] = new("files/pem/used"),
            ["addSchedule"] = new("schedules", """{"name": "first", "cron": "@daily", "job": {"command": "true"}}"""),
            ["changeSchedule"] = new("schedules/second", """{"name": "first", "cron": "@daily", "job": {"command": "true"}}"""),
        };
        string before = await StateAsync(host);
        foreach (var operation in (await ApiOperation.ReadAsync(host.Client)).Where(o => o.Responses.TryGetProperty("409", out _)))
        {
            var answer = operation.Id == "uploadKey"
                ? await ApiRows.TryUploadAsync(host, "used")
                : await host.Client.Send(operation.Method, rows[operation.Id].FullPath, rows[operation.Id].Body);
            answer.Is(409);
            Assert.NotEmpty(answer.String("detail"));
        }

        Assert.Equal(before, await StateAsync(host));
        (await host.Client.Post($"jobs/{running}/cancel")).Is(202);
    }

    [Theory]
    [InlineData("jobs", """{"command": "true"}""", "command")]
    [InlineData("jobs/script", """{"script": "true"}""", "script")]
    [InlineData("servers", """{"name": "n", "hostname": "127.0.0.1", "user": "u", "auth_type": "password", "password": "p"}""", "name", "hostname")]
    [InlineData("schedules", """{"name": "n", "cron": "@daily", "job": {"command": "true"}}""", "name", "cron", "job")]
    [InlineData("jobs/bulk", """{"jobs": [{"command": "true"}]}""", "jobs")]
    [InlineData("jobs/actions", """{"action": "cancel", "ids": []}""", "action")]
    public async Task What_is_required_may_not_be_null(string path, string body, params string[] fields)
    {
        await using var host = await TestHost.StartAsync();
        foreach (string field in fields)
        {
            var with = JsonNode.Parse(body)!.AsObject();
            with[field] = null;
            var answer = await host.Client.Post(path, with.ToJsonString());
            Assert.True((int)answer.Status is 400 or 422, $"{field}: {answer.Status} {answer.Text}");
            Assert.Contains(answer.Json.GetProperty("errors").EnumerateObject(), e => e.Name.StartsWith(field, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("jobs", """{"command": "true", "env": {"A": 1}}""", "env.A")]
    [InlineData("jobs", """{"command": "true", "tags": ["a", 7]}""", "tags[1]")]
    [InlineData("jobs", """{"command": "true", "backoff": {"kind": "sometimes"}}""", "backoff.kind")]
    [InlineData("jobs", """{"command": "true", "backoff": {"no_such": 1}}""", "backoff.no_such")]
    [InlineData("jobs/bulk", """{"jobs": [{"command": "true"}, {"command": "true", "priority": "high"}]}""", "jobs[1].priority")]
    [InlineData("jobs/bulk", """{"jobs": [{"command": "true"}, {"command": "true", "priority": 11}]}""", "jobs[1].priority")]
    [InlineData("jobs/bulk", """{"jobs": [null]}""", "jobs[0]")]
    [InlineData("schedules", """{"name": "n", "cron": "@daily", "job": {"command": 1}}""", "job.command")]
    [InlineData("schedules", """{"name": "n", "cron": "@daily", "job": {"command": "true", "priority": 0}}""", "job.priority")]
    public async Task A_field_within_a_field_is_named_by_its_path(string path, string body, string field)
    {
        await using var host = await TestHost.StartAsync();
        var answer = await host.Client.Post(path, body);
        Assert.True((int)answer.Status is 400 or 422, $"{answer.Status} {answer.Text}");
        Assert.NotEmpty(answer.Error(field));
    }

    /// <summary>All that a call may change; not what a look at a server found, which is no change.</summary>
    private static async Task<string> StateAsync(TestHost host)
    {
        var parts = new List<string> { (await host.Client.Get("jobs/counts")).Is(200).Text };
        foreach (string path in (string[])["servers", "schedules", "files/pem"])
        {
            foreach (var item in (await host.Client.Get(path)).Is(200)["items"].EnumerateArray())
            {
                var kept = JsonNode.Parse(item.GetRawText())!.AsObject();
                kept.Remove("status");
                parts.Add(kept.ToJsonString());
            }
        }

        return string.Join('\n', parts);
    }

    private static async Task<string> JobAsync(TestHost host, string body, string status)
    {
        string id = (await host.Client.Post("jobs", body)).Is(201).String("id");
        await Eventually.BecomesAsync($"the job is {status}", async () => (await host.Client.Get($"jobs/{id}")).String("status") == status);
        return id;
    }
}
