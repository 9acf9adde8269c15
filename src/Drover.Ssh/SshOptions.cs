using Drover.Shell;

namespace Drover.Ssh;

/// <summary>Which key exchange is offered first.</summary>
public enum SshKeyExchange : byte
{
    /// <summary>The post-quantum ones (ML-KEM, sntrup761), then curve25519: about 70 ms of CPU a connect. What OpenSSH itself does.</summary>
    PostQuantum,

    /// <summary>curve25519 first: about 12 ms a connect, for many connects to trusted networks.</summary>
    Curve25519,
}

/// <summary>How servers are reached over SSH.</summary>
public sealed record SshOptions
{
    /// <summary>How long one try to connect and sign in may take. More than zero.</summary>
    public TimeSpan ConnectionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After how long a silent job is asked for a sign of life. More than zero.</summary>
    public TimeSpan KeepaliveInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a connect is tried again after a failure that may pass (refused, dropped). Zero or more.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>The wait before the first of them; it doubles.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The key exchange offered first.</summary>
    public SshKeyExchange KeyExchange { get; init; } = SshKeyExchange.PostQuantum;

    /// <summary>How many jobs share a connection; OpenSSH's MaxSessions is 10, and a server that allows fewer is noticed. 1 or more.</summary>
    public int SessionsPerConnection { get; init; } = 10;

    /// <summary>How many connects to one address may be under way at once; sshd's MaxStartups begins to drop at 10.</summary>
    public int ConnectsPerServer { get; init; } = 8;

    /// <summary>How many connects may be under way at once in all.</summary>
    public int ConnectsAtOnce { get; init; } = 64;

    /// <summary>How long a connection without a job is kept.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After refused credentials or an untrusted host key nobody tries again for this long; it doubles up to ten minutes.</summary>
    public TimeSpan BreakerDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How jobs are ended.</summary>
    public ShellRunOptions Run { get; init; } = new();
}
