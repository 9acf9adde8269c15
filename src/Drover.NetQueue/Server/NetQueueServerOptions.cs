using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Drover.NetQueue;

/// <summary>How a queue server listens, whom it lets in, and its limits.</summary>
public sealed record NetQueueServerOptions
{
    /// <summary>Where it listens; port 0 takes a free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 9000);

    /// <summary>Who may connect. Empty only with <see cref="AllowAnonymous"/>.</summary>
    public IReadOnlyList<NetQueueToken> Tokens { get; init; } = [];

    /// <summary>Lets anybody in as an admin; only while it listens on loopback.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The certificate for TLS, with its private key; null for a self-signed one, kept in <see cref="CertificateFolder"/>.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Where the self-signed certificate is kept (<c>netqueue-cert.pem</c>, <c>netqueue-key.pem</c>); null keeps it in memory only, so that its fingerprint changes with every start.</summary>
    public string? CertificateFolder { get; init; }

    /// <summary>Lets clients from other hosts in without TLS. Workers for commands and scripts stay refused: their leases hold credentials.</summary>
    public bool AllowPlain { get; init; }

    /// <summary>The longest frame taken from a client, as its length field counts: 64 MiB.</summary>
    public int MaxFrameBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many connections may be open at once.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How many requests of one connection may wait for their answers; then the server reads no more from it until one is done.</summary>
    public int MaxInFlight { get; init; } = 4096;

    /// <summary>How long a connection may take to introduce itself.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may be silent; it is asked to send something three times as often.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a client may leave unread what was sent to it.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a refused token waits for its answer, so that guessing is slow.</summary>
    public TimeSpan DeniedDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a worker whose connection broke is expected back; as long as a lease.</summary>
    public TimeSpan HoldWorkers { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stop waits for requests under way.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal void Validate()
    {
        if (Tokens.Count == 0 && !AllowAnonymous)
            throw new ArgumentException("A queue server needs at least one token.");
        if (AllowAnonymous && !IPAddress.IsLoopback(Listen.Address))
            throw new ArgumentException($"A queue server without tokens may listen on loopback only, not on {Listen}.");
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFrameBytes, 64 * 1024, nameof(MaxFrameBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1, nameof(MaxConnections));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInFlight, 1, nameof(MaxInFlight));
    }
}
