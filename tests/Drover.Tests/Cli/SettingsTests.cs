using Drover.Cli.Configuration;
using Drover.Servers;
using Drover.Sqlite;

namespace Drover.Tests.Cli;

public sealed class SettingsTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".json");

    public void Dispose() => File.Delete(_file);

    private DroverConfig Load(Dictionary<string, string>? commandLine = null, Dictionary<string, string>? environment = null, string? file = null)
    {
        if (file is not null)
            File.WriteAllText(_file, file);
        return SettingsLoader.Load(setting => commandLine?.GetValueOrDefault(setting.Name), name => environment?.GetValueOrDefault(name), file is null ? null : _file);
    }

    [Fact]
    public void Defaults_are_those_of_the_documentation()
    {
        var config = Load();
        Assert.Equal(("127.0.0.1", 8080), config.ServerAddress);
        Assert.Equal(TimeSpan.FromSeconds(30), config.Worker.Lease);
        Assert.Equal(64L << 20, config.Worker.OutputMaxBytes);
        Assert.Equal(TimeSpan.FromDays(90), config.Broker.Retention.Failed);
        Assert.Equal(Durability.Full, config.Store.Durability);
        Assert.Null(config.Store.Queues.MaxSize);
        Assert.Equal(HostKeyPolicy.Tofu, config.Server.HostKeyPolicy);
        Assert.All(config.Values, value => Assert.Equal(SettingSource.Default, value.Source));
    }

    [Fact]
    public void The_command_line_goes_before_the_environment_before_the_file()
    {
        string json = """{"WORKER_LEASE": "11s", "worker_heartbeat_interval": "2s", "QUEUE_MAX_SIZE": 12, "ALLOWED_SHELLS": ["/bin/sh", "/bin/dash"]}""";
        var environment = new Dictionary<string, string> { ["WORKER_LEASE"] = "22s", ["QUEUE_DURABILITY"] = "normal", ["LOG_LEVEL"] = "" };
        var config = Load(new() { ["WORKER_LEASE"] = "33s" }, environment, json);
        Assert.Equal(TimeSpan.FromSeconds(33), config.Worker.Lease);
        Assert.Equal(TimeSpan.FromSeconds(2), config.Worker.HeartbeatInterval);
        Assert.Equal(12, config.Store.Queues.MaxSize);
        Assert.Equal(Durability.Normal, config.Store.Durability);
        Assert.Equal(["/bin/sh", "/bin/dash"], config.Server.AllowedShells);
        Assert.Equal("command line", config.Values.Single(v => v.Setting == Settings.WorkerLease).SourceName);
        Assert.Equal("drover.json", config.Values.Single(v => v.Setting == Settings.QueueMaxSize).SourceName);
        Assert.Equal("default", config.Values.Single(v => v.Setting == Settings.LogLevel).SourceName);
    }

    [Theory]
    [InlineData("WORKER_LEASE", "soon")]
    [InlineData("SERVER_ADDR", "8080")]
    [InlineData("SERVER_ADDR", "127.0.0.1:99999")]
    [InlineData("QUEUE_DURABILITY", "maybe")]
    [InlineData("QUEUE_MAX_SIZE", "-1")]
    [InlineData("WORKER_CONCURRENCY", "0")]
    [InlineData("OUTPUT_MAX_BYTES", "lots")]
    [InlineData("SSH_HOST_KEY_POLICY", "yes")]
    [InlineData("QUEUE_NAME", "a b")]
    [InlineData("QUEUE_NAME", "email=0")]
    [InlineData("DATABASE_URL", "mysql://user:secret@db/drover")]
    [InlineData("QUEUE_URL", "amqp://:secret@cache")]
    [InlineData("LOG_LEVEL", "loud")]
    public void A_wrong_value_is_one_line_that_names_it_and_shows_no_secret(string name, string value)
    {
        var wrong = Assert.Throws<SettingException>(() => Load(environment: new() { [name] = value }));
        Assert.Contains(name, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("environment", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    [Fact]
    public void Without_a_token_it_listens_on_loopback_only()
    {
        Load(environment: new() { ["AUTH_MODE"] = "none" });
        var wrong = Assert.Throws<SettingException>(() => Load(environment: new() { ["AUTH_MODE"] = "none", ["SERVER_ADDR"] = "0.0.0.0:8080" }));
        Assert.Contains("loopback", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "must be an object")]
    [InlineData("""{"WORKER_LEESE": "1s"}""", "WORKER_LEESE")]
    [InlineData("""{"WORKER_LEASE": {}}""", "WORKER_LEASE")]
    public void A_wrong_file_is_one_line_that_says_where(string json, string expected)
    {
        var wrong = Assert.Throws<SettingException>(() => Load(file: json));
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
        Assert.Contains(_file, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("0", 0)]
    [InlineData("90", 90_000)]
    public void Durations_read_as_stated(string text, double milliseconds)
    {
        Assert.True(Units.TryDuration(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 parsecs")]
    [InlineData("1e30d")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Units.TryDuration(text, out _));

    [Theory]
    [InlineData("8192", 8192)]
    [InlineData("64KB", 65536)]
    [InlineData("10MB", 10_485_760)]
    [InlineData("1gb", 1_073_741_824)]
    public void Sizes_read_as_stated(string text, long bytes)
    {
        Assert.True(Units.TrySize(text, out long size));
        Assert.Equal(bytes, size);
    }
}
