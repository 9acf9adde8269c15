using System.Net;
using Drover.Brokers;
using Drover.Postgres;
using Drover.Server;
using Drover.Server.Contracts;
using Drover.Servers;
using Drover.Sqlite;
using Drover.Ssh;
using Drover.Storage;
using Drover.Workers;

namespace Drover.Cli.Configuration;

/// <summary>The settings in force, and what they mean for each part.</summary>
internal sealed class DroverConfig(IReadOnlyDictionary<Setting, SettingValue> values)
{
    /// <summary>Every value, in order.</summary>
    public IEnumerable<SettingValue> Values => Settings.All.Where(values.ContainsKey).Select(setting => values[setting]);

    public string DataFolder => Path.GetFullPath(Text(Settings.Data));

    public bool WithoutToken => Text(Settings.AuthMode).Equals("none", StringComparison.OrdinalIgnoreCase);

    public bool JsonLogs => Text(Settings.LogFormat).Equals("json", StringComparison.OrdinalIgnoreCase);

    public string LogLevel => Text(Settings.LogLevel).ToLowerInvariant();

    public TimeSpan GracefulShutdown => Duration(Settings.WorkerGrace);

    public (string Host, int Port) ServerAddress =>
        Checks.TryAddress(Text(Settings.ServerAddr), out string host, out int port) ? (host, port) : throw new InvalidOperationException("checked before");

    public BrokerOptions Broker => new()
    {
        LeaseDuration = Duration(Settings.WorkerLease),
        Retention = new RetentionPolicy(Duration(Settings.RetainCompleted), Duration(Settings.RetainFailed)),
    };

    /// <summary>Where the jobs are when this process has a store of its own.</summary>
    public StoreAddress JobsAddress => StoreAddress.Parse(Text(Settings.QueueUrl)) is { IsShared: true } queue ? queue : CatalogOr(StoreAddress.Sqlite);

    /// <summary>Where the catalog is: with the jobs unless <c>DATABASE_URL</c> says otherwise.</summary>
    public StoreAddress CatalogAddress => CatalogOr(JobsAddress);

    /// <summary>Whether <c>QUEUE_URL</c> names a queue server, which then holds the jobs.</summary>
    public bool HasQueueServer => Text(Settings.QueueUrl).StartsWith("netqueue:", StringComparison.OrdinalIgnoreCase);

    public SqliteOptions Store => new()
    {
        Directory = DataFolder,
        Durability = Text(Settings.QueueDurability).Equals("normal", StringComparison.OrdinalIgnoreCase) ? Sqlite.Durability.Normal : Sqlite.Durability.Full,
        Queues = new QueueOptions { MaxSize = Text(Settings.QueueMaxSize) == "unlimited" ? null : long.Parse(Text(Settings.QueueMaxSize), null) },
    };

    /// <summary>The store in a PostgreSQL database.</summary>
    public PostgresOptions Postgres(string url) => new()
    {
        Url = url,
        Durability = Store.Durability == Sqlite.Durability.Normal ? Drover.Postgres.Durability.Normal : Drover.Postgres.Durability.Full,
        Queues = Store.Queues,
    };

    public WorkerOptions Worker => new()
    {
        Name = OrNull(Settings.WorkerName),
        Slots = int.Parse(Text(Settings.WorkerConcurrency), null),
        Queues = [.. List(Settings.QueueName).Select(text => Checks.TryQueue(text, out var share) ? share : default)],
        Labels = List(Settings.WorkerLabels).ToHashSet(StringComparer.Ordinal),
        HeartbeatInterval = Duration(Settings.WorkerHeartbeat),
        Lease = Duration(Settings.WorkerLease),
        GracefulShutdown = GracefulShutdown,
        OutputFlushInterval = Duration(Settings.OutputFlush),
        OutputMaxBytes = Size(Settings.OutputMax),
    };

    public SshOptions Ssh => new()
    {
        ConnectionTimeout = Duration(Settings.SshConnect),
        KeepaliveInterval = Duration(Settings.SshKeepalive),
        MaxRetries = int.Parse(Text(Settings.SshRetries), null),
    };

    public ServerOptions Server => new()
    {
        DataDirectory = DataFolder,
        AdminToken = OrNull(Settings.AdminToken),
        MetricsToken = OrNull(Settings.MetricsToken),
        MasterKey = Checks.TryKey(Text(Settings.MasterKey), out byte[] key) ? (ReadOnlyMemory<byte>?)key : default,
        AuthMode = WithoutToken ? AuthMode.None : AuthMode.Token,
        AllowedShells = List(Settings.Shells),
        DefaultTimeout = Duration(Settings.SshExecution),
        HostKeyPolicy = Text(Settings.SshHostKeys).ToLowerInvariant() switch
        {
            "strict" => HostKeyPolicy.Strict,
            "off" => HostKeyPolicy.Off,
            _ => HostKeyPolicy.Tofu,
        },
        MaxUploadBytes = Size(Settings.MaxUpload),
        CorsAllowedOrigins = List(Settings.Cors),
        Settings = [.. Values.Select(value => new SettingResponse
        {
            Name = value.Setting.Name,
            Value = value.Shown,
            Source = value.SourceName,
            Description = value.Setting.Help,
        })],
        Version = Cli.Version.Text,
    };

    /// <summary>Checks what one value alone does not tell.</summary>
    /// <exception cref="SettingException">Which, in one line.</exception>
    public void Check()
    {
        string host = ServerAddress.Host;
        if (WithoutToken && !(host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address))))
            throw new SettingException($"{values[Settings.AuthMode].Described}: that is allowed only while SERVER_ADDR is on loopback, and it is '{Text(Settings.ServerAddr)}'.");
        if (OrNull(Settings.NetQueueCert) is null != OrNull(Settings.NetQueueKey) is null)
            throw new SettingException("NETQUEUE_TLS_CERT and NETQUEUE_TLS_KEY belong together: give both or neither.");
        if (Duration(Settings.WorkerHeartbeat) > Duration(Settings.WorkerLease) / 2)
            throw new SettingException($"{values[Settings.WorkerHeartbeat].Described}: it must be at most half of WORKER_LEASE, which is '{Text(Settings.WorkerLease)}'.");
    }

    /// <summary>Splits an address setting, for listening.</summary>
    public IPEndPoint Endpoint(Setting setting)
    {
        if (!Checks.TryAddress(Text(setting), out string host, out int port))
            throw new InvalidOperationException("checked before");
        return new(host switch { "*" => IPAddress.IPv6Any, "localhost" => IPAddress.Loopback, _ => IPAddress.Parse(host) }, port);
    }

    private StoreAddress CatalogOr(StoreAddress other) => StoreAddress.Parse(Text(Settings.DatabaseUrl)) is { IsShared: true } database ? database : other;

    public string? OrNull(Setting setting) => Text(setting) is { Length: > 0 } text ? text : null;

    public SettingSource SourceOf(Setting setting) => values[setting].Source;

    public string Text(Setting setting) => values[setting].Text;

    public TimeSpan Duration(Setting setting) => Units.TryDuration(Text(setting), out var duration) ? duration : throw new InvalidOperationException("checked before");

    public long Size(Setting setting) => Units.TrySize(Text(setting), out long size) ? size : throw new InvalidOperationException("checked before");

    public IReadOnlyList<string> List(Setting setting) => Checks.Parts(Text(setting));
}
