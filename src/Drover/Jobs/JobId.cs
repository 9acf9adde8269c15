using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Drover.Jobs;

/// <summary>Makes job ids.</summary>
public static class JobId
{
    private static readonly Lock Gate = new();

    // The system's generator costs the same for 8 bytes as for hundreds.
    private static readonly byte[] Random = new byte[512];
    private static int _randomUsed = Random.Length;
    private static long _lastTick;

    /// <summary>
    /// A new UUID version 7 (RFC 9562, method 3 of section 6.2: the time's fraction replaces the first random bits),
    /// greater than every one made before in this process even when the clock stands still or goes back a little.
    /// </summary>
    /// <param name="time">The clock.</param>
    public static Guid New(TimeProvider time)
    {
        // 1 tick = 1/4096 ms: 48 bits of milliseconds and 12 bits of fraction.
        long now = time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;
        long tick = (now / TimeSpan.TicksPerMillisecond << 12) | (now % TimeSpan.TicksPerMillisecond * 4096 / TimeSpan.TicksPerMillisecond);
        Span<byte> bytes = stackalloc byte[16];
        lock (Gate)
        {
            // A clock that was set back for good must not pin ids to the future for ever: a minute is the bound.
            if (tick <= _lastTick && _lastTick - tick < 60_000L << 12)
                tick = _lastTick + 1;
            _lastTick = tick;
            if (_randomUsed == Random.Length)
            {
                RandomNumberGenerator.Fill(Random);
                _randomUsed = 0;
            }

            Random.AsSpan(_randomUsed, 8).CopyTo(bytes[8..]);
            _randomUsed += 8;
        }

        BinaryPrimitives.WriteInt64BigEndian(bytes, tick >> 12 << 16 | 0x7000 | tick & 0xFFF);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The id of the n-th job of a batch whose ids count up from the first one's: n is added to the last 32 bits, which wrap around.</summary>
    /// <param name="first">The first job's id.</param>
    /// <param name="n">0 for the first job itself.</param>
    public static Guid Following(Guid first, int n)
    {
        if (n == 0)
            return first;
        Span<byte> bytes = stackalloc byte[16];
        first.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], unchecked(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) + (uint)n));
        return new Guid(bytes, bigEndian: true);
    }
}
