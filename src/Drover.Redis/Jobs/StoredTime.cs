using System.Globalization;

namespace Drover.Redis.Jobs;

/// <summary>Times as the scripts keep them: ticks since 1970 as text of one length, which is more than a number of Lua's can hold.</summary>
internal static class StoredTime
{
    public static string Write(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks).ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>Null for an empty text.</summary>
    public static DateTimeOffset? Read(ReadOnlySpan<byte> text) =>
        text.IsEmpty ? null : new(long.Parse(text, CultureInfo.InvariantCulture) + DateTime.UnixEpoch.Ticks, TimeSpan.Zero);
}
