using System.Numerics;

namespace Drover.Brokers;

/// <summary>
/// How fast one queue moves: jobs that were accepted and that ended in each of the last 60 seconds, and how long leased jobs
/// had waited, in 31 windows of ten seconds. About 21 KB, whatever the load. Times are monotonic.
/// </summary>
internal sealed class QueuePace
{
    private const int Seconds = 60;
    private const int Windows = 31;
    private const int WindowSeconds = 10;
    private const int Steps = 160;

    private readonly Lock _gate = new();
    private readonly (long Second, long Count)[] _arrived = new (long, long)[Seconds];
    private readonly (long Second, long Count)[] _ended = new (long, long)[Seconds];
    private readonly Window[] _waits = new Window[Windows];

    /// <summary>The second of the latest entry, to find queues that have fallen asleep.</summary>
    public long LastSecond { get; private set; }

    public void Arrived(long second, int count) => Add(_arrived, second, count);

    public void Ended(long second, int count) => Add(_ended, second, count);

    public void Waited(long second, TimeSpan wait)
    {
        long number = second / WindowSeconds;
        lock (_gate)
        {
            LastSecond = second;
            ref var window = ref _waits[number % Windows];
            if (window.Counts is null)
                window.Counts = new int[Steps];
            else if (window.Number != number)
                Array.Clear(window.Counts);
            if (window.Number != number)
                (window.Number, window.Count, window.Ticks) = (number, 0, 0);
            window.Count++;
            window.Ticks += Math.Max(0, wait.Ticks);
            window.Counts[StepOf(wait)]++;
        }
    }

    /// <summary>The rates of the last minute, the waits of the last five.</summary>
    public QueuePaceFigures Read(long second)
    {
        lock (_gate)
        {
            var counts = new long[Steps];
            long count = 0, ticks = 0;
            foreach (var window in _waits)
            {
                if (window.Counts is null || second / WindowSeconds - window.Number >= Windows)
                    continue;
                count += window.Count;
                ticks += window.Ticks;
                for (int i = 0; i < Steps; i++)
                    counts[i] += window.Counts[i];
            }

            var (arrivals, rate) = (RateOf(_arrived, second), RateOf(_ended, second));
            return count == 0
                ? new(arrivals, rate, null, null, null)
                : new(arrivals, rate, TimeSpan.FromTicks(ticks / count), Percentile(counts, count, 0.5), Percentile(counts, count, 0.95));
        }
    }

    private static double RateOf((long Second, long Count)[] slots, long second)
    {
        long count = 0;
        foreach (var slot in slots)
            count += second - slot.Second < Seconds ? slot.Count : 0;
        return (double)count / Seconds;
    }

    private void Add((long Second, long Count)[] slots, long second, int count)
    {
        lock (_gate)
        {
            LastSecond = second;
            ref var slot = ref slots[second % Seconds];
            slot = (second, slot.Second == second ? slot.Count + count : count);
        }
    }

    private static TimeSpan Percentile(long[] counts, long count, double share)
    {
        long rank = (long)Math.Ceiling(count * share);
        int step = 0;
        for (long seen = counts[0]; seen < rank; seen += counts[++step])
        {
        }

        return UpperBound(step);
    }

    // Four steps to each doubling of 64 µs: a percentile is at most a fifth too high, up to four years.
    private static int StepOf(TimeSpan wait)
    {
        ulong units = (ulong)Math.Max(0, wait.Ticks) / 640;
        if (units < 4)
            return (int)units;
        int power = BitOperations.Log2(units);
        return Math.Min(Steps - 1, (power - 1) * 4 + (int)(units >> (power - 2) & 3));
    }

    private static TimeSpan UpperBound(int step)
    {
        long units = step < 4 ? step + 1 : (long)(step % 4 + 5) << (step / 4 - 1);
        return TimeSpan.FromTicks(units * 640);
    }

    private struct Window
    {
        public long Number;
        public long Count;
        public long Ticks;
        public int[]? Counts;
    }
}

/// <summary>A queue's pace: jobs accepted and ended a second, and the time from ready to leased.</summary>
internal readonly record struct QueuePaceFigures(double Arrivals, double Rate, TimeSpan? Mean, TimeSpan? P50, TimeSpan? P95);
