using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Drover.Cli.Configuration;
using Drover.NetQueue;
using Drover.Server.Auth;

namespace Drover.Cli.Hosting;

/// <summary>How a queue server lets others in, and how others find it and sign in.</summary>
internal static class QueueAccess
{
    /// <summary>The file in the data folder in which a running queue server leaves its address.</summary>
    public const string AddressFile = "netqueue-address";

    /// <summary>How this process's queue server listens.</summary>
    /// <exception cref="SettingException">The certificate cannot be used, or anybody could come in.</exception>
    public static NetQueueServerOptions ServerOptions(DroverConfig config)
    {
        var options = new NetQueueServerOptions
        {
            Listen = config.Endpoint(Settings.NetQueueAddr),
            Tokens = Tokens(config),
            AllowAnonymous = config.WithoutToken,
            AllowPlain = config.Text(Settings.NetQueueTls).Equals("off", StringComparison.OrdinalIgnoreCase),
            Certificate = GivenCertificate(config),
            CertificateFolder = config.DataFolder,
            HoldWorkers = config.Duration(Settings.WorkerLease),
        };
        if (config.WithoutToken && !System.Net.IPAddress.IsLoopback(options.Listen.Address))
            throw new SettingException($"AUTH_MODE is 'none': that is allowed only while NETQUEUE_ADDR is on loopback, and it is '{config.Text(Settings.NetQueueAddr)}'.");
        return options;
    }

    /// <summary>Where this process finds the queue server, and with which token.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="roles">What the process is for: an API needs the admin token, a worker only its own.</param>
    public static NetQueueClientOptions ClientOptions(DroverConfig config, NodeRoles roles)
    {
        string address = config.HasQueueServer ? config.Text(Settings.QueueUrl)
            : config.SourceOf(Settings.NetQueueAddr) == SettingSource.Default && Read(config, AddressFile) is { } left ? left
            : config.Text(Settings.NetQueueAddr);
        if (address == "off")
            throw new SettingException("NETQUEUE_ADDR is 'off', and this process needs a queue server: name it with --queue netqueue://HOST:PORT or QUEUE_URL.");
        if (address.StartsWith(':') || address.StartsWith('*'))
            address = "127.0.0.1" + address.TrimStart('*');
        string? token = roles.HasFlag(NodeRoles.Api)
            ? config.OrNull(Settings.AdminToken) ?? Read(config, TokenVault.FileName)
            : config.OrNull(Settings.WorkerToken) ?? Read(config, TokenVault.WorkerFileName) ?? config.OrNull(Settings.AdminToken) ?? Read(config, TokenVault.FileName);
        return NetQueueClientOptions.Parse(address, token ?? "");
    }

    private static List<NetQueueToken> Tokens(DroverConfig config)
    {
        if (config.WithoutToken)
            return [];
        var tokens = new List<NetQueueToken>
        {
            NetQueueToken.Of("admin", NetQueueRoles.Admin, config.OrNull(Settings.AdminToken) ?? TokenVault.LoadOrCreate(config.DataFolder)),
            NetQueueToken.Of("worker", NetQueueRoles.Worker, config.OrNull(Settings.WorkerToken) ?? TokenVault.LoadOrCreate(config.DataFolder, TokenVault.WorkerFileName)),
        };
        if (config.OrNull(Settings.ProducerToken) is { } producer)
            tokens.Add(NetQueueToken.Of("producer", NetQueueRoles.Producer, producer));
        if (config.OrNull(Settings.ProgramToken) is { } program)
            tokens.Add(NetQueueToken.Of("program", NetQueueRoles.Producer | NetQueueRoles.Worker, program));
        return tokens;
    }

    private static X509Certificate2? GivenCertificate(DroverConfig config)
    {
        if (config.OrNull(Settings.NetQueueCert) is not { } certificate)
            return null;
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, config.Text(Settings.NetQueueKey));
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingException($"NETQUEUE_TLS_CERT and NETQUEUE_TLS_KEY cannot be used: {unusable.Message}");
        }
    }

    private static string? Read(DroverConfig config, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(config.DataFolder, file)).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
