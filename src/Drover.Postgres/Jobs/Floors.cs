namespace Drover.Postgres.Jobs;

/// <summary>
/// Where to begin looking in each line. Deleted rows stay in the index while any transaction of the database is older than
/// their deletion; a look from the line's beginning would pass them all each time. So a look begins where the line began
/// a moment ago, and at the very beginning once in a while, for jobs whose transaction was slow.
/// </summary>
internal sealed class Floors
{
    private static readonly TimeSpan Lag = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, (long Floor, long Seen)> _lines = [];
    private long _turned;
    private long _fullAt;

    /// <summary>The floors of lines; all 0 when it is time to look from the beginning.</summary>
    public long[] Of(int[] lines, out bool full)
    {
        long now = TimeProvider.System.GetTimestamp();
        long[] floors = new long[lines.Length];
        lock (_gate)
        {
            if (TimeProvider.System.GetElapsedTime(_turned, now) > Lag)
            {
                foreach (int line in _lines.Keys.ToList())
                    _lines[line] = (_lines[line].Seen, _lines[line].Seen);
                _turned = now;
            }

            full = now >= _fullAt;
            if (full)
                _fullAt = now + (long)(Period.TotalSeconds * TimeProvider.System.TimestampFrequency);
            else
            {
                for (int n = 0; n < lines.Length; n++)
                    floors[n] = _lines.GetValueOrDefault(lines[n]).Floor;
            }
        }

        return floors;
    }

    /// <summary>A look from the beginning took so long; the next is not before twenty times that.</summary>
    public void Took(long began)
    {
        long now = TimeProvider.System.GetTimestamp();
        lock (_gate)
            _fullAt = Math.Max(_fullAt, now + (now - began) * 20);
    }

    /// <summary>Jobs of a line up to this one were leased.</summary>
    public void Leased(int line, long seq)
    {
        lock (_gate)
        {
            var (floor, seen) = _lines.GetValueOrDefault(line);
            _lines[line] = (floor, Math.Max(seen, seq));
        }
    }
}
