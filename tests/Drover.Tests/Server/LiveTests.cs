using System.Net.WebSockets;
using Drover.Events;
using Drover.Server.Live;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>Changes as they happen, by server-sent events and WebSocket.</summary>
public sealed class LiveTests
{
    [Fact]
    public async Task Events_tell_of_jobs_queues_servers_and_workers()
    {
        await using var host = await TestHost.StartAsync();
        await using var events = await EventReader.OpenAsync(host.Client, "events");
        string id = (await host.Client.Post("jobs", """{"command": "true", "name": "seen"}""")).Is(201).String("id");
        var created = await events.UntilAsync((name, e) => name == "jobs" && e.GetProperty("event").GetString() == "created");
        Assert.Equal(id, created.GetProperty("data").GetProperty("id").GetString());
        Assert.Equal("seen", created.GetProperty("data").GetProperty("name").GetString());
        (await host.Client.Post($"jobs/{id}/cancel")).Is(200);
        await events.UntilAsync((name, e) => name == "jobs" && e.GetProperty("data").GetProperty("status").GetString() == "canceled");
        (await host.Client.Delete($"jobs/{id}")).Is(204);
        await events.UntilAsync((name, e) => name == "jobs" && e.GetProperty("event").GetString() == "deleted" && e.GetProperty("data").GetProperty("id").GetString() == id);
        (await host.Client.Post("queues/default/pause")).Is(200);
        var paused = await events.UntilAsync((name, e) => name == "queues" && e.GetProperty("event").GetString() == "paused");
        Assert.True(paused.GetProperty("data").GetProperty("paused").GetBoolean());
        (await host.Client.Send("PUT", "servers/local", """{"name": "local", "is_active": false}""")).Is(200);
        var changed = await events.UntilAsync((name, e) => name == "servers" && e.GetProperty("event").GetString() == "changed");
        Assert.False(changed.GetProperty("data").GetProperty("is_active").GetBoolean());
    }

    [Fact]
    public async Task Events_resume_behind_the_last_one_seen()
    {
        await using var host = await TestHost.StartAsync();
        string? last;
        await using (var events = await EventReader.OpenAsync(host.Client, "events?topic=jobs"))
        {
            await SubmitAsync(host, "first");
            await events.UntilAsync((_, e) => e.GetProperty("data").GetProperty("name").GetString() == "first");
            last = events.LastId;
        }

        await SubmitAsync(host, "second");
        await SubmitAsync(host, "third");
        await using var again = await EventReader.OpenAsync(host.Client, "events?topic=jobs", last);
        Assert.Equal("second", (await again.NextAsync())!.Value.Data.GetProperty("data").GetProperty("name").GetString());
        Assert.Equal("third", (await again.NextAsync())!.Value.Data.GetProperty("data").GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_unknown_place_is_answered_with_reset()
    {
        await using var host = await TestHost.StartAsync();
        await using var events = await EventReader.OpenAsync(host.Client, "events", "12345");
        Assert.Equal("reset", (await events.NextAsync())!.Value.Name);
        await SubmitAsync(host, "after");
        await events.UntilAsync((_, e) => e.GetProperty("data").GetProperty("name").GetString() == "after");
    }

    [Fact]
    public void Changes_of_too_many_jobs_at_once_become_one_reset_in_place_of_an_event_each()
    {
        var batch = new EventBatch();
        for (int i = 1; i <= EventBatch.MaxJobs; i++)
            batch.Add(new BrokerEvent(i, default, EventKind.JobCreated, Guid.NewGuid()));
        Assert.False(batch.HasTooManyJobs);
        Assert.Equal(EventBatch.MaxJobs, batch.InOrder().Count());
        batch.Add(new BrokerEvent(EventBatch.MaxJobs + 1, default, EventKind.JobCreated, Guid.NewGuid()));
        Assert.True(batch.HasTooManyJobs);
        Assert.Empty(batch.InOrder());
    }

    [Fact]
    public async Task One_job_can_be_watched_from_what_it_is_now_to_its_end()
    {
        var go = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers().Add("wait", async (_, cancel) => await go.Task.WaitAsync(cancel)));
        string id = (await host.Client.Post("jobs", """{"job_type": "wait"}""")).Is(201).String("id");
        await using var socket = await Socket.OpenAsync(host);
        await socket.SubscribeAsync($"job:{id}");
        var snapshot = await socket.UntilAsync($"job:{id}", "snapshot");
        Assert.Equal(id, snapshot.GetProperty("data").GetProperty("id").GetString());
        await SubmitAsync(host, "another");
        go.SetResult();
        var ended = await socket.UntilAsync($"job:{id}", "changed", f => f.GetProperty("data").GetProperty("status").GetString() == "completed");
        Assert.Equal(1, ended.GetProperty("data").GetProperty("attempts").GetArrayLength());
    }

    [Fact]
    public async Task A_tasks_progress_is_shown_and_told_to_who_watches_it()
    {
        var go = new SemaphoreSlim(0);
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers().Add("steps", async (task, cancel) =>
        {
            for (int n = 1; n <= 2; n++)
            {
                await go.WaitAsync(cancel);
                task.Progress(n / 3.0, $"step {n}");
                task.Progress(n / 3.0, $"step {n}");
                task.Log("more");
            }

            await go.WaitAsync(cancel);
            return TaskResult.Done;
        }));
        string id = (await host.Client.Post("jobs", """{"job_type": "steps"}""")).Is(201).String("id");
        await using var socket = await Socket.OpenAsync(host);
        await socket.SubscribeAsync($"job:{id}");
        await socket.UntilAsync($"job:{id}", "snapshot");
        Assert.False((await host.Client.Get($"jobs/{id}")).Has("progress"));
        foreach (var (text, done) in ((string, double)[])[("step 1", 0.33), ("step 2", 0.66)])
        {
            go.Release();
            var told = await socket.UntilAsync($"job:{id}", "progress", f => f.GetProperty("data").GetProperty("text").GetString() == text);
            Assert.Equal(done, told.GetProperty("data").GetProperty("done").GetDouble());
            var shown = (await host.Client.Get($"jobs/{id}")).Is(200);
            Assert.Equal(text, shown.String("progress.text"));
        }

        go.Release();
        await socket.UntilAsync($"job:{id}", "changed", f => f.GetProperty("data").GetProperty("status").GetString() == "completed");
        Assert.Equal(0.66, (await host.Client.Get($"jobs/{id}"))["progress.done"].GetDouble());
        Assert.Equal(2, (await host.Client.Get($"jobs/{id}/logs"))["entries"].EnumerateArray().Count(e => e.GetProperty("stream").GetString() == "system"));
    }

    [Fact]
    public async Task Figures_of_queues_workers_and_the_whole_come_by_themselves()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        await using var socket = await Socket.OpenAsync(host);
        foreach (string topic in new[] { "queues", "workers", "system" })
            await socket.SubscribeAsync(topic);
        var seen = new HashSet<string>();
        while (seen.Count < 3)
        {
            var frame = (await socket.NextAsync())!.Value;
            if (frame.GetProperty("event").GetString() == "stats")
                seen.Add(frame.GetProperty("topic").GetString()!);
        }

        for (int i = 0; i < 3; i++)
            (await host.Client.Post("jobs", """{"job_type": "nobody"}""")).Is(201);
        await socket.UntilAsync("queues", "stats", f => f.GetProperty("data").GetProperty("items")[0].GetProperty("queue_depth").GetInt64() == 3);
        await socket.UntilAsync("system", "stats", f => f.GetProperty("data").GetProperty("counts").GetProperty("queued").GetInt64() == 3);
    }

    [Fact]
    public async Task What_is_unsubscribed_is_heard_of_no_more()
    {
        await using var host = await TestHost.StartAsync();
        await using var socket = await Socket.OpenAsync(host);
        await socket.SubscribeAsync("jobs");
        await socket.SubscribeAsync("queues");
        await socket.SendAsync("""{"op": "unsubscribe", "topic": "jobs"}""");
        await socket.UntilAsync("jobs", "unsubscribed");
        await SubmitAsync(host, "unheard");
        (await host.Client.Post("queues/q/pause")).Is(200);
        while (true)
        {
            var frame = (await socket.NextAsync())!.Value;
            Assert.NotEqual("jobs", frame.GetProperty("topic").GetString());
            if (frame.GetProperty("event").GetString() == "paused")
                break;
        }
    }

    [Theory]
    [InlineData("nonsense", "JSON")]
    [InlineData("""{"op": "subscribe"}""", "topic")]
    [InlineData("""{"op": "steal", "topic": "jobs"}""", "subscribe, unsubscribe")]
    [InlineData("""{"op": "subscribe", "topic": "everything"}""", "no such topic")]
    [InlineData("""{"op": "subscribe", "topic": "job:7"}""", "no such topic")]
    [InlineData("""{"op": "subscribe", "topic": "jobs", "afer": 1}""", "no such field")]
    [InlineData("""{"op": "subscribe", "topic": "jobs", "after": -1}""", "negative")]
    [InlineData("""{"op": "subscribe", "topic": "logs:00000000-0000-7000-8000-000000000000"}""", "no job")]
    [InlineData("[1]", "object")]
    public async Task A_wrong_frame_is_told_what_is_wrong_and_the_connection_goes_on(string frame, string reason)
    {
        await using var host = await TestHost.StartAsync();
        await using var socket = await Socket.OpenAsync(host);
        await socket.SendAsync(frame);
        while (true)
        {
            var answer = (await socket.NextAsync())!.Value;
            if (answer.GetProperty("event").GetString() != "error")
                continue;
            Assert.Contains(reason, answer.GetRawText());
            break;
        }

        await socket.SubscribeAsync("jobs");
        await socket.UntilAsync("jobs", "subscribed");
        Assert.Empty(host.Log.Errors);
    }

    [Fact]
    public async Task A_frame_that_is_too_large_closes_the_connection()
    {
        await using var host = await TestHost.StartAsync();
        await using var socket = await Socket.OpenAsync(host);
        await socket.SendAsync(new string('x', 20_000));
        while (await socket.NextAsync() is not null)
        {
        }

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.CloseStatus);
    }

    [Fact]
    public async Task Plain_calls_of_the_socket_are_told_to_upgrade()
    {
        await using var host = await TestHost.StartAsync();
        (await host.Client.Get("ws")).Is(426);
    }

    [Fact]
    public async Task Open_streams_do_not_hold_up_the_end()
    {
        var host = await TestHost.StartAsync();
        string id = await LogTests.PrintedAsync(host, 1);
        await using var events = await EventReader.OpenAsync(host.Client, "events");
        await using var log = await EventReader.OpenAsync(host.Client, $"jobs/{id}/logs");
        await using var socket = await Socket.OpenAsync(host);
        await socket.SubscribeAsync("jobs");
        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static async Task SubmitAsync(TestHost host, string name) =>
        (await host.Client.Post("jobs", $$"""{"job_type": "t", "name": "{{name}}"}""")).Is(201);
}
