using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;
using Drover.StoreTests.Postgres;
using Npgsql;

namespace Drover.EndToEnd.Shared;

/// <summary><c>drover migrate</c>, from a program that has run alone to PostgreSQL: refused while it runs, killed in the middle, gone on with.</summary>
public sealed class MigrateTests
{
    [Fact]
    public async Task A_program_that_ran_alone_moves_to_postgres_and_its_jobs_go_on_there()
    {
        await using var server = new PostgresServer();
        string url = await server.UrlAsync();
        await using var drover = await RunningDrover.StartAsync("--netqueue-addr", "off");
        string done = await drover.SubmitAsync("echo kept; echo aside >&2; exit 3");
        Assert.Equal("failed", (string?)(await drover.EndOfAsync(done))["status"]);
        await drover.PostAsync("queues/default/pause", new JsonObject());
        string waiting = await drover.SubmitAsync("echo later");
        string proof = Path.Combine(drover.Folder, "proof");
        string marks = await drover.SubmitAsync($"echo x >> '{proof}'");
        for (int batch = 0; batch < 5; batch++)
        {
            var jobs = Enumerable.Range(0, 1000).Select(n => (JsonNode)new JsonObject { ["command"] = $"echo {n}", ["server_id"] = "local", ["delay"] = 86400, ["tags"] = new JsonArray("bulk") });
            await drover.PostAsync("jobs/bulk", new JsonObject { ["jobs"] = new JsonArray([.. jobs]) });
        }

        string[] migrate = ["migrate", "--from", "sqlite:" + drover.Data, "--to", url];
        var refused = await drover.CliAsync(migrate);
        Assert.True(refused.Code == 2 && refused.ErrorText.Contains("in use", StringComparison.Ordinal), refused.ToString());
        await drover.StopAsync();

        var plan = JsonNode.Parse((await drover.CliAsync([.. migrate, "--dry-run", "--json"])).Out)!;
        Assert.Equal(5003, (long?)plan["items"]!.AsArray().Single(k => (string?)k!["kind"] == "jobs")!["count"]);
        // Killed at once when it has begun to write.
        await using (var killed = drover.Follow(migrate))
        {
            await RunningDrover.WaitAsync(async () => killed.Ended || await HasBegunAsync(server), () => "It does not begin: " + killed.ErrorText);
            Assert.False(killed.Ended, killed.ErrorText);
            killed.Process.Kill();
            await killed.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var tooEarly = await drover.CliAsync("up", "--server-addr", drover.Address, "--netqueue-addr", "off", "--database-url", url);
        Assert.True(tooEarly.Code == 2 && tooEarly.ErrorText.Contains("has not ended", StringComparison.Ordinal), tooEarly.ToString());
        Ended ended = null!;
        // The killed one counts as a node that runs for half a minute.
        await RunningDrover.WaitAsync(async () => (ended = await drover.CliAsync([.. migrate, "--json"])).Code == 0, () => ended.ToString());
        var report = JsonNode.Parse(ended.Out)!;
        Assert.True((bool?)report["resumed"]);
        Assert.All(report["items"]!.AsArray(), kind => Assert.Equal(64, ((string?)kind!["checksum"])!.Length));

        await using var there = await RunningDrover.StartInAsync(drover.Folder, ownsFolder: false, "--netqueue-addr", "off", "--database-url", url);
        Assert.Equal(5003, (long?)(await there.GetAsync("jobs/counts"))["total"]);
        Assert.Equal(3, (int?)(await there.GetAsync("jobs/" + done))["exit_code"]);
        Assert.Contains("kept", (await there.GetAsync($"jobs/{done}/logs")).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("queued", (string?)(await there.GetAsync("jobs/" + waiting))["status"]);
        await there.PostAsync("queues/default/resume", new JsonObject());
        foreach (string id in (string[])[waiting, marks])
            Assert.Equal("completed", (string?)(await there.EndOfAsync(id))["status"]);
        Assert.Equal("x\n", await File.ReadAllTextAsync(proof));
    }

    private static async Task<bool> HasBegunAsync(PostgresServer server)
    {
        await using var connection = await server.ConnectAsync();
        await using var ask = new NpgsqlCommand("SELECT to_regclass('drover.jobs') IS NOT NULL", connection);
        if (await ask.ExecuteScalarAsync() is not true)
            return false;
        await using var count = new NpgsqlCommand("SELECT count(*) FROM drover.jobs", connection);
        return await count.ExecuteScalarAsync() is > 0L;
    }

    [Theory]
    [InlineData("mysql://x", "names no store")]
    [InlineData("sqlite:/nowhere/at/all", "there is no store")]
    [InlineData("sqlite:", "name the data folder")]
    [InlineData("redis://127.0.0.1:1", "--from")]
    public async Task A_source_that_is_none_is_told_in_one_line(string from, string word)
    {
        string folder = Directory.CreateTempSubdirectory("drover-migrate-").FullName;
        try
        {
            var ended = await DroverProgram.RunAsync(folder, ["migrate", "--from", from, "--to", "sqlite:./there"]);
            Assert.Equal(2, ended.Code);
            Assert.Contains(word, ended.ErrorText, StringComparison.Ordinal);
            Assert.Single(ended.ErrorText.TrimEnd().Split('\n'));
            Assert.False(Directory.Exists(Path.Combine(folder, "there")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
