using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Drover.Server.Auth;

/// <summary>
/// One-time codes that sign a browser in: the host process makes one and prints the link <c>/signin?code=…</c>, the page
/// exchanges it by <c>POST /api/v1/session</c>. Kept in memory only.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class SignInCodes(TimeProvider time)
{
    private const int MaxOpen = 100;

    private readonly ConcurrentDictionary<string, Open> _codes = new(StringComparer.Ordinal);

    /// <summary>How long a code works: 10 minutes.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(10);

    /// <summary>A new code.</summary>
    /// <param name="actor">As whom it signs in.</param>
    /// <exception cref="InvalidOperationException">A hundred codes are open already.</exception>
    public string Create(string actor = "admin")
    {
        long now = time.GetTimestamp();
        foreach (var (digest, open) in _codes)
        {
            if (time.GetElapsedTime(open.Since, now) >= Lifetime)
                _codes.TryRemove(digest, out _);
        }

        if (_codes.Count >= MaxOpen)
            throw new InvalidOperationException("Too many sign-in codes are open.");
        string code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _codes[Secret.Digest(code)] = new(actor, now);
        return code;
    }

    /// <summary>Uses a code up; answers as whom it signs in, null when it is none or too old.</summary>
    internal string? Redeem(string code) =>
        // Looked up by its digest, so the time this takes tells nothing about the codes that are open.
        code.Length <= 1024 && _codes.TryRemove(Secret.Digest(code), out var open) && time.GetElapsedTime(open.Since) < Lifetime ? open.Actor : null;

    private sealed record Open(string Actor, long Since);
}
