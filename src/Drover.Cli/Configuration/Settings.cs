using System.Globalization;
using static Drover.Cli.Configuration.Checks;

namespace Drover.Cli.Configuration;

/// <summary>Every setting there is, in the order in which they are shown.</summary>
internal static class Settings
{
    public static readonly Setting Data = new("DROVER_DATA", "./drover-data", "the data folder", NotEmpty);
    public static readonly Setting ServerAddr = new("SERVER_ADDR", "127.0.0.1:8080", "where the API and the dashboard listen", Address);
    public static readonly Setting NetQueueAddr = new("NETQUEUE_ADDR", "127.0.0.1:9000", "where the queue server listens, or where a worker or API finds it; off for no queue server", AddressOrOff);
    public static readonly Setting NetQueueTls = new("NETQUEUE_TLS", "on", "on; off lets producers in from other hosts without TLS, workers never", OneOf("on", "off"));
    public static readonly Setting NetQueueCert = new("NETQUEUE_TLS_CERT", "", "the queue server's certificate, a PEM file; else a self-signed one in the data folder", AnyText);
    public static readonly Setting NetQueueKey = new("NETQUEUE_TLS_KEY", "", "the private key of NETQUEUE_TLS_CERT, a PEM file", AnyText);
    public static readonly Setting DatabaseUrl = new("DATABASE_URL", "sqlite", "where everything is kept: SQLite in the data folder, or a server that several nodes share: postgres://USER@HOST/DATABASE or redis://HOST:PORT", Store) { Secret = true };
    public static readonly Setting QueueUrl = new("QUEUE_URL", "", "who holds the jobs, when not DATABASE_URL: netqueue://HOST:PORT for a queue server, redis://HOST:PORT", QueueServer) { Secret = true };
    public static readonly Setting AdminToken = new("DROVER_ADMIN_TOKEN", "", "the admin token; else the one in the data folder, made at the first start", Token) { Secret = true };
    public static readonly Setting WorkerToken = new("DROVER_WORKER_TOKEN", "", "the token of workers in other processes; else the one in the data folder", Token) { Secret = true };
    public static readonly Setting ProducerToken = new("DROVER_PRODUCER_TOKEN", "", "a token that may only submit and look at jobs, over NetQueue", Token) { Secret = true };
    public static readonly Setting ProgramToken = new("DROVER_PROGRAM_TOKEN", "", "a token for programs that submit jobs and run tasks of their own, over NetQueue", Token) { Secret = true };
    public static readonly Setting MetricsToken = new("DROVER_METRICS_TOKEN", "", "a token that reads /metrics and nothing else, for Prometheus", Token) { Secret = true };
    public static readonly Setting MasterKey = new("DROVER_MASTER_KEY", "", "seals stored credentials: 32 bytes in base64; else the file key-ring in the data folder", Key32) { Secret = true };
    public static readonly Setting QueueName = new("QUEUE_NAME", "default", "queues the worker serves, comma separated, weights as email=3, * for all", Queues);
    public static readonly Setting QueueMaxSize = new("QUEUE_MAX_SIZE", "unlimited", "how many jobs may wait in a queue; beyond, a submit is refused", Limit);
    public static readonly Setting QueueDurability = new("QUEUE_DURABILITY", "full", "full: an accepted job has been fsynced; normal: it survives a crash, not a power cut", OneOf("full", "normal"));
    public static readonly Setting WorkerConcurrency = new("WORKER_CONCURRENCY", (2 * Environment.ProcessorCount).ToString(CultureInfo.InvariantCulture), "how many jobs run at once; 2 for each core if not given", Whole(1, 10_000));
    public static readonly Setting WorkerName = new("WORKER_NAME", "", "tells the workers of one host apart; the worker's id is HOST-NAME", Name);
    public static readonly Setting WorkerLabels = new("WORKER_LABELS", "", "labels of the worker, comma separated: gpu, zone=a", Labels);
    public static readonly Setting WorkerHeartbeat = new("WORKER_HEARTBEAT_INTERVAL", "10s", "how often leases are renewed; at most half of WORKER_LEASE", Duration("100ms", "12h"));
    public static readonly Setting WorkerLease = new("WORKER_LEASE", "30s", "how long a lease lasts unless renewed", Duration("1s", "1d"));
    public static readonly Setting WorkerGrace = new("WORKER_GRACEFUL_SHUTDOWN", "60s", "how long jobs in hand may go on at shutdown", Duration("0s", "7d"));
    public static readonly Setting SshConnect = new("SSH_CONNECTION_TIMEOUT", "30s", "how long connecting and signing in may take", Duration("100ms", "1h"));
    public static readonly Setting SshExecution = new("SSH_EXECUTION_TIMEOUT", "300s", "timeout of a command or script that names none; 0 for no limit", Duration("0s", "30d"));
    public static readonly Setting SshKeepalive = new("SSH_KEEPALIVE_INTERVAL", "60s", "after how long a silent job is asked for a sign of life", Duration("1s", "1d"));
    public static readonly Setting SshRetries = new("SSH_MAX_RETRIES", "3", "how often a connect is tried again after a passing failure", Whole(0, 100));
    public static readonly Setting SshHostKeys = new("SSH_HOST_KEY_POLICY", "tofu", "strict, tofu (trust the first, refuse a changed one) or off", OneOf("strict", "tofu", "off"));
    public static readonly Setting OutputFlush = new("OUTPUT_FLUSH_INTERVAL", "100ms", "time between two sends of a job's output", Duration("1ms", "1m"));
    public static readonly Setting OutputMax = new("OUTPUT_MAX_BYTES", "64MB", "output kept of a job: its head and its tail", Size("4KB", "1TB"));
    public static readonly Setting Shells = new("ALLOWED_SHELLS", "/bin/bash,/bin/sh,/usr/bin/zsh", "interpreters a job may name, comma separated; * for any", AllowedShells);
    public static readonly Setting MaxUpload = new("MAX_UPLOAD_SIZE", "10MB", "largest upload of a private key", Size("1KB", "100MB"));
    public static readonly Setting RetainCompleted = new("RETENTION_COMPLETED", "30d", "how long completed and canceled jobs are kept", Duration("0s", "36500d"));
    public static readonly Setting RetainFailed = new("RETENTION_FAILED", "90d", "how long failed jobs are kept", Duration("0s", "36500d"));
    public static readonly Setting AuthMode = new("AUTH_MODE", "token", "token; or none, while listening on loopback", OneOf("token", "none"));
    public static readonly Setting Cors = new("CORS_ALLOWED_ORIGINS", "", "web origins that may call the API, comma separated", Origins);
    public static readonly Setting LogLevel = new("LOG_LEVEL", "info", "trace, debug, info, warn or error", OneOf("trace", "debug", "info", "warn", "error"));
    public static readonly Setting LogFormat = new("LOG_FORMAT", "text", "text or json", OneOf("text", "json"));

    public static readonly IReadOnlyList<Setting> All =
    [
        Data, ServerAddr, NetQueueAddr, NetQueueTls, NetQueueCert, NetQueueKey, DatabaseUrl, QueueUrl, AdminToken, WorkerToken, ProducerToken, ProgramToken, MetricsToken, MasterKey,
        QueueName, QueueMaxSize, QueueDurability, WorkerConcurrency, WorkerName, WorkerLabels,
        WorkerHeartbeat, WorkerLease, WorkerGrace, SshConnect, SshExecution, SshKeepalive, SshRetries, SshHostKeys, OutputFlush, OutputMax,
        Shells, MaxUpload, RetainCompleted, RetainFailed, AuthMode, Cors, LogLevel, LogFormat,
    ];

    /// <summary>Those that a program needs which only talks to a running Drover.</summary>
    public static readonly IReadOnlyList<Setting> OfClient = [Data, ServerAddr];
}
