using System.Collections.Concurrent;
using System.Net;

namespace Drover.Server.Auth;

/// <summary>
/// Counts wrong credentials by address. Past the limit the address is told to wait; right credentials still pass,
/// so that nobody can lock others out from behind the same address.
/// </summary>
internal sealed class FailedAttempts(TimeProvider time)
{
    public const int Limit = 10;
    private const int MaxAddresses = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IPAddress, Count> _counts = new();

    /// <summary>Notes one more; answers how long the address must wait, null when it need not.</summary>
    public TimeSpan? Add(IPAddress? address)
    {
        long now = time.GetTimestamp();
        if (_counts.Count >= MaxAddresses)
            Forget(now);
        var count = _counts.GetOrAdd(Group(address), _ => new Count { Since = now });
        lock (count)
        {
            if (time.GetElapsedTime(count.Since, now) >= Window)
                (count.Since, count.Failures) = (now, 0);
            return ++count.Failures > Limit ? Window - time.GetElapsedTime(count.Since, now) : null;
        }
    }

    private void Forget(long now)
    {
        foreach (var (address, count) in _counts)
        {
            if (time.GetElapsedTime(count.Since, now) >= Window)
                _counts.TryRemove(address, out _);
        }

        if (_counts.Count >= MaxAddresses)
            _counts.Clear();
    }

    /// <summary>An IPv6 host has a whole /64 to itself.</summary>
    private static IPAddress Group(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
            return address;
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private sealed class Count
    {
        public long Since { get; set; }

        public int Failures { get; set; }
    }
}
