using System.Reflection;
using Drover.Servers;

namespace Drover.Server;

/// <summary>How the HTTP side of Drover works. <see cref="Validate"/> is called by <see cref="DroverServer.AddDroverServer"/>.</summary>
public sealed record ServerOptions
{
    /// <summary>The data folder: the admin token and the key ring stand in it. Made when it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Who may call. <see cref="AuthMode.None"/> serves only connections over loopback.</summary>
    public AuthMode AuthMode { get; init; } = AuthMode.Token;

    /// <summary>The admin token; null for the one in the data folder, which is made at the first start.</summary>
    public string? AdminToken { get; init; }

    /// <summary>A token that reads <c>/metrics</c> and nothing else, for who scrapes them; null for none.</summary>
    public string? MetricsToken { get; init; }

    /// <summary>The key that seals secrets, 32 bytes; null for the key ring in the data folder. Several nodes on one catalog need the same.</summary>
    public ReadOnlyMemory<byte>? MasterKey { get; init; }

    /// <summary>The interpreters that a job may name as its <c>shell</c>; one <c>*</c> allows any.</summary>
    public IReadOnlyList<string> AllowedShells { get; init; } = ["/bin/bash", "/bin/sh", "/usr/bin/zsh"];

    /// <summary>The timeout of a command or script that names none; zero for no limit, at most 30 days.</summary>
    public TimeSpan DefaultTimeout { get; init; } = Drover.Jobs.JobRules.DefaultTimeout;

    /// <summary>What to do about host keys.</summary>
    public HostKeyPolicy HostKeyPolicy { get; init; } = HostKeyPolicy.Tofu;

    /// <summary>The largest upload of a private key, in bytes; 1 KiB to 100 MiB.</summary>
    public long MaxUploadBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>The largest body of a batch of jobs, in bytes; other bodies may have a quarter of it. At least 64 KiB.</summary>
    public long MaxBodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Web origins (<c>https://ops.example.com</c>) whose pages may call the API with a token.</summary>
    public IReadOnlyList<string> CorsAllowedOrigins { get; init; } = [];

    /// <summary>Host names under which Drover is reached, besides addresses and <c>localhost</c>; with <see cref="AuthMode.None"/> any other is refused.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>How long a browser stays signed in without using it.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How often a quiet stream shows that it lives.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client of a stream may take nothing before it is dropped.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The most streams (server-sent events, WebSockets) at once.</summary>
    public int MaxStreams { get; init; } = 2000;

    /// <summary>How long a look at a server's reachability may take.</summary>
    public TimeSpan StatusTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The folder with the built dashboard; when there is none in it no pages are served.</summary>
    public string DashboardDirectory { get; init; } = Path.Combine(AppContext.BaseDirectory, "web");

    /// <summary>
    /// Whether this is a part of somebody's own program: that program lets people in, and there are no servers and keys, for what it
    /// runs are its own handlers.
    /// </summary>
    internal bool Embedded { get; init; }

    /// <summary>The settings of the process, as <c>/system/config</c> tells them; secrets are masked already.</summary>
    public IReadOnlyList<Contracts.SettingResponse> Settings { get; init; } = [];

    /// <summary>Drover's version, as <c>/system/info</c> tells it.</summary>
    public string Version { get; init; } =
        typeof(ServerOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Throws when an option makes no sense.</summary>
    /// <exception cref="ArgumentException">Which, in one line.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(DataDirectory))
            throw new ArgumentException("The data folder must be named.");
        if (AdminToken is { Length: < 16 })
            throw new ArgumentException("The admin token must have at least 16 characters.");
        if (MetricsToken is { Length: < 16 })
            throw new ArgumentException("The metrics token must have at least 16 characters.");
        if (MasterKey is { Length: not 32 })
            throw new ArgumentException("The master key must have 32 bytes.");
        if (DefaultTimeout < TimeSpan.Zero || DefaultTimeout > Drover.Jobs.JobValidator.MaxDuration)
            throw new ArgumentException("The timeout of commands and scripts must be 0 to 30 days.");
        if (MaxUploadBytes is < 1024 or > 100 * 1024 * 1024)
            throw new ArgumentException("The largest upload must be 1 KB to 100 MB.");
        if (MaxBodyBytes < 64 * 1024)
            throw new ArgumentException("The largest body must be at least 64 KB.");
        if (AllowedShells.FirstOrDefault(shell => shell != "*" && !shell.StartsWith('/')) is { } relative)
            throw new ArgumentException($"An allowed shell must be an absolute path, not '{relative}'.");
        if (CorsAllowedOrigins.FirstOrDefault(origin => !IsOrigin(origin)) is { } wrong)
            throw new ArgumentException($"An allowed origin must look like https://host or https://host:port, not '{wrong}'.");
        if (SessionLifetime <= TimeSpan.Zero || Heartbeat <= TimeSpan.Zero || StallTimeout <= TimeSpan.Zero || StatusTimeout <= TimeSpan.Zero)
            throw new ArgumentException("The server's times must be more than zero.");
        if (MaxStreams < 1)
            throw new ArgumentException("There must be room for at least one stream.");
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text;
}

/// <summary>Who may call.</summary>
public enum AuthMode : byte
{
    /// <summary>Whoever has a token, or a session that was opened with one.</summary>
    Token,

    /// <summary>Anybody on this machine. Connections from elsewhere are refused.</summary>
    None,
}
