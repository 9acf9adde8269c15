using System.Globalization;
using System.Net;

namespace Drover.NetQueue;

/// <summary>Whether a client speaks TLS.</summary>
public enum NetQueueTls
{
    /// <summary>Yes, except to this machine itself.</summary>
    Auto,

    /// <summary>Always.</summary>
    On,

    /// <summary>Never. Tokens and jobs then travel readable.</summary>
    Off,
}

/// <summary>Which queue server a client talks to, and how patient it is.</summary>
public sealed record NetQueueClientOptions
{
    /// <summary>The port of an address that names none.</summary>
    public const int DefaultPort = 9000;

    /// <summary>Host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The token; empty for a server that wants none.</summary>
    public string Token { get; init; } = "";

    /// <summary>Whether it speaks TLS.</summary>
    public NetQueueTls Tls { get; init; }

    /// <summary>The SHA-256 of the server's certificate in hex, with or without colons: that one is trusted and no other. Null trusts what this machine trusts.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>How long connecting and introducing oneself may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a request may stay unanswered, reconnecting included, before its caller hears that it is in doubt.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first wait before connecting again; it doubles from failure to failure and is varied by half at random.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait before connecting again.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many requests may wait for their answers; further callers wait for their turn.</summary>
    public int MaxPending { get; init; } = 4096;

    /// <summary>The longest answer, in bytes: 512 MiB.</summary>
    public int MaxAnswerBytes { get; init; } = 512 * 1024 * 1024;

    /// <summary>Whether the address is spoken to over TLS, as <see cref="Tls"/>, the fingerprint and the host say.</summary>
    public bool UsesTls => Tls == NetQueueTls.On || (Tls == NetQueueTls.Auto && (Fingerprint is not null || !IsLoopback(Host)));

    /// <summary>From <c>netqueue://HOST[:PORT][?tls=auto|on|off&amp;fingerprint=HEX]</c>, or <c>HOST[:PORT]</c>.</summary>
    /// <exception cref="FormatException">It is no such address; the message names what is wrong.</exception>
    public static NetQueueClientOptions Parse(string address, string token = "")
    {
        string text = address.Contains("://", StringComparison.Ordinal) ? address : "netqueue://" + address;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != "netqueue" || uri.Host.Length == 0 || uri.AbsolutePath.Length > 1 || uri.UserInfo.Length > 0)
            throw new FormatException($"'{address}' is no address of a queue server; it reads netqueue://HOST:PORT.");
        var options = new NetQueueClientOptions { Host = uri.IdnHost, Port = uri.Port < 0 ? DefaultPort : uri.Port, Token = token };
        foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            options = options.With(address, pair);
        return options;
    }

    /// <summary>Where it connects to; never the token.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"netqueue://{Host}:{Port}");

    private NetQueueClientOptions With(string address, string pair)
    {
        string[] parts = pair.Split('=', 2);
        string value = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
        return parts[0] switch
        {
            "tls" when Enum.TryParse<NetQueueTls>(value, ignoreCase: true, out var tls) && !char.IsDigit(value[0]) => this with { Tls = tls },
            "fingerprint" when IsFingerprint(value) => this with { Fingerprint = value },
            "tls" => throw new FormatException($"In '{address}' tls is '{value}'; it is auto, on or off."),
            "fingerprint" => throw new FormatException($"In '{address}' the fingerprint is not 64 hex digits."),
            _ => throw new FormatException($"In '{address}' '{parts[0]}' is not known; there are tls and fingerprint."),
        };
    }

    private static bool IsFingerprint(string value) => value.Replace(":", "", StringComparison.Ordinal) is { Length: 64 } hex && hex.All(char.IsAsciiHexDigit);

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
