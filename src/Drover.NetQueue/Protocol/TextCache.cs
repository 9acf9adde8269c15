using System.Text;

namespace Drover.NetQueue.Protocol;

/// <summary>Remembers short words (queues, job types, worker ids) that come again and again, so that each is not a new string. Bounded; a newer word takes an older one's place.</summary>
internal static class TextCache
{
    public const int MaxBytes = 40;

    private const int Slots = 512;

    private static readonly Entry?[] Entries = new Entry?[Slots];

    /// <summary>The text of these bytes; null when they are not ASCII.</summary>
    public static string? Get(ReadOnlySpan<byte> bytes)
    {
        uint hash = 2166136261;
        foreach (byte b in bytes)
        {
            if (b >= 0x80)
                return null;
            hash = (hash ^ b) * 16777619;
        }

        ref var slot = ref Entries[hash % Slots];
        var entry = Volatile.Read(ref slot);
        if (entry is not null && entry.Bytes.AsSpan().SequenceEqual(bytes))
            return entry.Text;
        entry = new(bytes.ToArray(), Encoding.ASCII.GetString(bytes));
        Volatile.Write(ref slot, entry);
        return entry.Text;
    }

    private sealed record Entry(byte[] Bytes, string Text);
}
