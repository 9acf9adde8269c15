using Drover.Limits;
using Drover.Tests.Support;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Tests.Server;

/// <summary>Chains and batches over the API.</summary>
public sealed class GroupApiTests
{
    [Fact]
    public async Task A_chain_runs_in_order_and_its_jobs_say_what_they_wait_for()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        string file = Path.Combine(Path.GetTempPath(), "drover-chain-" + Guid.NewGuid().ToString("n"));
        try
        {
            var first = (await host.Client.Post("jobs", $$"""
                {"command": "sleep 0.2; echo 1 >> {{file}}", "then": [{"command": "echo 2 >> {{file}}"}, {"command": "echo 3 >> {{file}}"}]}
                """)).Is(201);
            string[] then = [.. first["then"].EnumerateArray().Select(id => id.GetString()!)];
            Assert.Equal(2, then.Length);
            var second = (await host.Client.Get($"jobs/{then[0]}")).Is(200);
            Assert.Equal(first.String("id"), second.String("after.job_id"));
            Assert.Equal("success", second.String("after.on"));
            await Eventually.BecomesAsync("the last job is completed", async () => (await host.Client.Get($"jobs/{then[1]}")).String("status") == "completed");
            Assert.Equal(["1", "2", "3"], await File.ReadAllLinesAsync(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_waiting_job_is_scheduled_without_a_time()
    {
        await using var host = await TestHost.StartAsync();
        var first = (await host.Client.Post("jobs", """{"command": "true", "then": [{"command": "true", "delay": 60}]}""")).Is(201);
        var waiting = (await host.Client.Get($"jobs/{first["then"][0].GetString()}")).Is(200);
        Assert.Equal("scheduled", waiting.String("status"));
        Assert.False(waiting.Has("run_at"));
        var after = (await host.Client.Post("jobs", $$$"""{"command": "true", "after": {"job_id": "{{{first.String("id")}}}", "on": "always"}}""")).Is(201);
        Assert.Equal("always", after.String("after.on"));
        Assert.False(after.Has("run_at"));
        (await host.Client.Post($"jobs/{first.String("id")}/cancel")).Is(200);
        await Eventually.BecomesAsync("the chain is canceled", async () => (await host.Client.Get($"jobs/{waiting.String("id")}")).String("status") == "canceled");
        await Eventually.BecomesAsync("the other is ready", async () => (await host.Client.Get($"jobs/{after.String("id")}")).String("status") == "queued");

        // A rerun stands alone.
        var rerun = (await host.Client.Post($"jobs/{waiting.String("id")}/rerun")).Is(201);
        Assert.Equal("queued", rerun.String("status"));
        Assert.False(rerun.Has("after"));
        Assert.Empty(rerun["tags"].EnumerateArray());
    }

    [Fact]
    public async Task A_changed_copy_names_its_origin_and_is_listed_beside_it()
    {
        await using var host = await TestHost.StartAsync();
        var first = (await host.Client.Post("jobs", """{"command": "uptime"}""")).Is(201);
        var copy = (await host.Client.Post("jobs", $$"""{"command": "uptime -p", "origin_id": "{{first.String("id")}}"}""")).Is(201);
        Assert.Equal(first.String("id"), copy.String("origin_id"));
        var listed = (await host.Client.Get($"jobs?origin_id={first.String("id")}")).Is(200);
        Assert.Equal(copy.String("id"), Assert.Single(listed["items"].EnumerateArray()).GetProperty("id").GetString());
        (await host.Client.Post("jobs", """{"command": "true", "origin_id": "yesterday's"}""")).Is(400);
        Assert.NotEmpty((await host.Client.Post("batches", $$"""{"jobs": [{"command": "true", "origin_id": "{{first.String("id")}}"}]}""")).Is(400).Error("jobs[0].origin_id"));
    }

    [Fact]
    public async Task A_chain_sent_twice_under_one_key_is_there_once()
    {
        await using var host = await TestHost.StartAsync();
        const string body = """{"command": "true", "then": [{"command": "true"}]}""";
        var one = (await host.Client.Post("jobs", body, ("Idempotency-Key", "k"))).Is(201);
        var two = (await host.Client.Post("jobs", body, ("Idempotency-Key", "k"))).Is(201);
        Assert.Equal(one["then"].ToString(), two["then"].ToString());
        Assert.Equal(2, (await host.Client.Get("jobs/counts"))["total"].GetInt32());
    }

    [Fact]
    public async Task Errors_name_the_job_that_is_wrong()
    {
        await using var host = await TestHost.StartAsync();
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "then": [{"command": "true", "priority": 11}]}""")).Is(400).Error("then[0].priority"));
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "priority": 11, "then": [{"command": "true"}]}""")).Is(400).Error("priority"));
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "then": [{"command": "true", "then": []}]}""")).Is(400).Error("then[0].then"));
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "unique_key": "k", "then": [{"command": "true"}]}""")).Is(400).Error("then[0].after"));
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "after": {}}""")).Is(400).Error("after"));
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "after": {"job_id": "01890a5d-ac96-774b-bcce-b302099a8057"}}""")).Is(400).Error("after"));
        Assert.NotEmpty((await host.Client.Post("jobs", """{"command": "true", "limit_key": "k"}""")).Is(400).Error("limit_key"));
        Assert.NotEmpty((await host.Client.Post("batches", """{"jobs": []}""")).Is(400).Error("jobs"));
        Assert.NotEmpty((await host.Client.Post("batches", """{"jobs": [{"command": "true", "priority": 0}], "completion": {"command": "true"}}""")).Is(400).Error("jobs[0].priority"));
        Assert.NotEmpty((await host.Client.Post("batches", """{"jobs": [{"command": "true"}], "completion": {"command": "true", "priority": 0}}""")).Is(400).Error("completion.priority"));
        (await host.Client.Get($"batches/{Guid.NewGuid()}")).Is(404);
        (await host.Client.Post($"batches/{Guid.NewGuid()}/cancel")).Is(404);
        Assert.Equal(0, (await host.Client.Get("jobs/counts"))["total"].GetInt32());
    }

    [Fact]
    public async Task A_batch_is_counted_and_its_completion_follows()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        var batch = (await host.Client.Post("batches", """{"jobs": [{"command": "true"}, {"command": "true"}], "completion": {"command": "echo", "args": ["done"]}}""", ("Idempotency-Key", "b"))).Is(201);
        string id = batch.String("id");
        Assert.Equal(2, batch["jobs"].GetArrayLength());
        Assert.Equal(2, batch["counts.total"].GetInt32());
        await Eventually.BecomesAsync("the completion is completed", async () => (await host.Client.Get($"batches/{id}")).String("completion.status") == "completed");
        var shown = (await host.Client.Get($"batches/{id}")).Is(200);
        Assert.True(shown["finished"].GetBoolean());
        Assert.Equal(2, shown["counts.completed"].GetInt32());
        Assert.Equal(2, (await host.Client.Get($"jobs?batch_id={id}"))["items"].GetArrayLength());
        var again = (await host.Client.Post("batches", """{"jobs": [{"command": "true"}, {"command": "true"}], "completion": {"command": "echo", "args": ["done"]}}""", ("Idempotency-Key", "b"))).Is(201);
        Assert.Equal(id, again.String("id"));
    }

    [Fact]
    public async Task A_batch_is_canceled_with_its_completion()
    {
        await using var host = await TestHost.StartAsync();
        var batch = (await host.Client.Post("batches", """{"jobs": [{"command": "true"}, {"command": "true", "delay": 60}], "completion": {"command": "true"}}""")).Is(201);
        var canceled = (await host.Client.Post($"batches/{batch.String("id")}/cancel")).Is(200);
        Assert.Equal(2, canceled["canceled"].GetInt32());
        await Eventually.BecomesAsync("the completion is canceled", async () => (await host.Client.Get($"batches/{batch.String("id")}")).String("completion.status") == "canceled");
    }

    [Fact]
    public async Task Unique_rules_come_through_and_are_shown()
    {
        await using var host = await TestHost.StartAsync();
        const string body = """{"job_type": "t", "unique_key": "k", "delay": 60, "unique": {"on_conflict": "replace"}}""";
        var old = (await host.Client.Post("jobs", body)).Is(201);
        Assert.Equal("replace", old.String("unique.on_conflict"));
        var now = (await host.Client.Post("jobs", body)).Is(201);
        Assert.NotEqual(old.String("id"), now.String("id"));
        Assert.Equal("canceled", (await host.Client.Get($"jobs/{old.String("id")}")).String("status"));
        const string hourly = """{"job_type": "t", "unique_key": "w", "unique": {"window": 86400}}""";
        (await host.Client.Post("jobs", hourly)).Is(201);
        var again = (await host.Client.Post("jobs", hourly)).Is(200);
        Assert.Equal("true", again.Headers["Drover-Duplicate"]);
        Assert.NotEmpty((await host.Client.Post("jobs", """{"job_type": "t", "unique": {"until": "started"}}""")).Is(400).Error("unique_key"));
    }

    [Fact]
    public async Task A_limit_that_is_set_holds_and_lifting_it_lets_the_others_run()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        using var keeper = new LimitKeeper(
            host.Services.GetRequiredService<LimitCatalog>(), new Dictionary<string, JobLimit>(), (Drover.Brokers.Broker)host.Broker, TimeProvider.System, NullLoggerFactory.Instance);
        await keeper.StartAsync(default);
        (await host.Client.Send("PUT", "limits/queue:few", """{"max_running": 0, "rate": {"count": 5, "per": 60}}""")).Is(200);
        Assert.Equal(60, (await host.Client.Get("limits/queue:few")).Is(200)["rate.per"].GetDouble());
        // The keeper is told at once; its first word to the broker is what the jobs must not outrun.
        await Eventually.BecomesAsync("nothing is taken from the queue", async () =>
        {
            string id = (await host.Client.Post("jobs", """{"command": "true", "queue": "few"}""")).Is(201).String("id");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            return (await host.Client.Get($"jobs/{id}")).String("status") == "queued";
        });
        (await host.Client.Delete("limits/queue:few")).Is(204);
        await Eventually.BecomesAsync("all have run", async () => (await host.Client.Get("jobs/counts?queue=few")) is var counts
            && counts["completed"].GetInt32() == counts["total"].GetInt32());
        (await host.Client.Get("limits/queue:few")).Is(404);
        (await host.Client.Delete("limits/queue:few")).Is(404);
        Assert.NotEmpty((await host.Client.Send("PUT", "limits/server:x", """{"max_running": 1}""")).Is(400).Error("key"));
        Assert.NotEmpty((await host.Client.Send("PUT", "limits/key:x", "{}")).Is(400).Error("max_running"));
        Assert.NotEmpty((await host.Client.Send("PUT", "limits/key:x", """{"rate": {"count": 0, "per": 1e9}}""")).Is(400).Error("rate.per"));
        await keeper.StopAsync(default);
    }
}
