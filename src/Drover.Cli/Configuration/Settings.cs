using System.Net;

namespace Drover.Cli.Configuration;

/// <summary>Every setting there is, in the order in which they are shown.</summary>
internal static class Settings
{
    public static readonly Setting Data = new("DROVER_DATA", "./drover-data", "the data folder", NotEmpty);
    public static readonly Setting ServerAddr = new("SERVER_ADDR", "127.0.0.1:8080", "where the API and the dashboard listen", Endpoint);
    public static readonly Setting NetQueueAddr = new("NETQUEUE_ADDR", "127.0.0.1:9000", "where the queue server listens, or is found", Endpoint);
    public static readonly Setting DatabaseUrl = new("DATABASE_URL", "", "SQLite in the data folder when empty", OnlyEmpty) { Secret = true };
    public static readonly Setting QueueUrl = new("QUEUE_URL", "", "the database when empty", OnlyEmpty) { Secret = true };
    public static readonly Setting QueueName = new("QUEUE_NAME", "default", "queues the worker serves, comma separated, weights as name=2, * for all", Queues);
    public static readonly Setting QueueMaxSize = new("QUEUE_MAX_SIZE", "unlimited", "how many jobs may wait in a queue", Limit);
    public static readonly Setting QueueDurability = new("QUEUE_DURABILITY", "full", "full: an accepted job has been fsynced; normal: it survives a crash, not a power cut", OneOf("full", "normal"));
    public static readonly Setting WorkerConcurrency = new("WORKER_CONCURRENCY", "", "slots; 2 x cores when empty", v => v.Length == 0 ? null : Whole(v, 1, 10_000));
    public static readonly Setting WorkerLabels = new("WORKER_LABELS", "", "labels of the worker, comma separated", _ => null);
    public static readonly Setting WorkerHeartbeat = new("WORKER_HEARTBEAT_INTERVAL", "10s", "how often leases are renewed", Duration);
    public static readonly Setting WorkerLease = new("WORKER_LEASE", "30s", "how long a lease lasts unless renewed", Duration);
    public static readonly Setting WorkerGrace = new("WORKER_GRACEFUL_SHUTDOWN", "60s", "how long jobs in hand may go on at shutdown", Duration);
    public static readonly Setting SshConnect = new("SSH_CONNECTION_TIMEOUT", "30s", "how long connecting and signing in may take", Duration);
    public static readonly Setting SshExecution = new("SSH_EXECUTION_TIMEOUT", "300s", "timeout of a command or script that names none", Duration);
    public static readonly Setting SshKeepalive = new("SSH_KEEPALIVE_INTERVAL", "60s", "how often a quiet connection is checked", Duration);
    public static readonly Setting SshRetries = new("SSH_MAX_RETRIES", "3", "connects tried again after a passing failure", v => Whole(v, 0, 100));
    public static readonly Setting SshHostKeys = new("SSH_HOST_KEY_POLICY", "tofu", "strict, tofu (trust the first, refuse a changed one) or off", OneOf("strict", "tofu", "off"));
    public static readonly Setting OutputFlush = new("OUTPUT_FLUSH_INTERVAL", "100ms", "time between two sends of a job's output", Duration);
    public static readonly Setting OutputMax = new("OUTPUT_MAX_BYTES", "64MB", "output kept of a job: its head and its tail", Size);
    public static readonly Setting Shells = new("ALLOWED_SHELLS", "/bin/bash,/bin/sh,/usr/bin/zsh", "interpreters a job may name; * allows any", NotEmpty);
    public static readonly Setting MaxUpload = new("MAX_UPLOAD_SIZE", "10MB", "largest upload of a private key", Size);
    public static readonly Setting RetainCompleted = new("RETENTION_COMPLETED", "30d", "how long completed and canceled jobs are kept", Duration);
    public static readonly Setting RetainFailed = new("RETENTION_FAILED", "90d", "how long failed jobs are kept", Duration);
    public static readonly Setting AuthMode = new("AUTH_MODE", "token", "token, or none while listening on loopback", OneOf("token", "none"));
    public static readonly Setting Cors = new("CORS_ALLOWED_ORIGINS", "", "web origins that may call the API, comma separated", _ => null);
    public static readonly Setting LogLevel = new("LOG_LEVEL", "info", "trace, debug, info, warn or error", OneOf("trace", "debug", "info", "warn", "error"));
    public static readonly Setting LogFormat = new("LOG_FORMAT", "text", "text or json", OneOf("text", "json"));

    public static readonly IReadOnlyList<Setting> All =
    [
        Data, ServerAddr, NetQueueAddr, DatabaseUrl, QueueUrl, QueueName, QueueMaxSize, QueueDurability, WorkerConcurrency, WorkerLabels,
        WorkerHeartbeat, WorkerLease, WorkerGrace, SshConnect, SshExecution, SshKeepalive, SshRetries, SshHostKeys, OutputFlush, OutputMax,
        Shells, MaxUpload, RetainCompleted, RetainFailed, AuthMode, Cors, LogLevel, LogFormat,
    ];

    private static string? NotEmpty(string value) => value.Trim().Length > 0 ? null : "must not be empty";

    private static string? Endpoint(string value) =>
        TryEndpoint(value, out _, out _) ? null : "must be host:port, such as 127.0.0.1:8080";

    public static bool TryEndpoint(string value, out string host, out int port)
    {
        int colon = value.LastIndexOf(':');
        (host, port) = (colon > 0 ? value[..colon].Trim('[', ']') : "", 0);
        return colon > 0 && int.TryParse(value.AsSpan(colon + 1), out port) && port is >= 0 and <= 65535
            && (host is "localhost" or "*" || IPAddress.TryParse(host, out _));
    }

    private static string? OnlyEmpty(string value) =>
        value.Length == 0 || value.StartsWith("sqlite:", StringComparison.Ordinal)
            ? null : "is not understood by this version, which keeps everything in SQLite in the data folder: leave it empty";

    private static string? Queues(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries).All(q => TryQueue(q, out _)) ? null : "must be queue names, comma separated, each with an optional weight: email=3,default";

    public static bool TryQueue(string text, out Storage.QueueShare share)
    {
        string[] parts = text.Split('=', 2);
        int weight = 1;
        bool good = (parts[0] == "*" || Jobs.JobValidator.IsQueueName(parts[0])) && (parts.Length == 1 || int.TryParse(parts[1], out weight) && weight is >= 1 and <= 1000);
        share = new(parts[0], weight);
        return good;
    }

    private static string? Limit(string value) => value == "unlimited" ? null : Whole(value, 1, int.MaxValue) is null ? null : "must be a whole number, or unlimited";

    private static string? Duration(string value) => Units.TryDuration(value, out _) ? null : "must be " + Units.DurationForm;

    private static string? Size(string value) => Units.TrySize(value, out _) ? null : "must be " + Units.SizeForm;

    private static string? Whole(string value, int min, int max) =>
        int.TryParse(value, out int number) && number >= min && number <= max ? null : $"must be a whole number from {min} to {max}";

    private static Func<string, string?> OneOf(params string[] values) =>
        value => values.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : "must be " + string.Join(", ", values[..^1]) + " or " + values[^1];
}
