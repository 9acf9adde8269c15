using Drover.Output;
using Drover.Storage;
using Drover.Tests.Support;

namespace Drover.Tests.Output;

/// <summary>A buffer, and what a store makes of that which it sends.</summary>
internal sealed class OutputHome
{
    private readonly Lock _gate = new();
    private readonly List<OutputEntry> _stored = [];
    private long _lastSeq;

    public OutputHome(long maxBytes = 64 * 1024 * 1024, long firstSeq = 1)
    {
        var lease = new Lease
        {
            Token = new(Guid.NewGuid(), 2),
            Spec = Specs.Task(),
            ReadyAt = default,
            StartedAt = default,
            FirstOutputSeq = firstSeq,
        };
        (_lastSeq, FirstSeq) = (firstSeq - 1, firstSeq);
        Buffer = new(lease, TimeSpan.FromMilliseconds(100), maxBytes, Clock, AppendAsync, () => Losses++);
    }

    public FakeClock Clock { get; } = new();

    public OutputBuffer Buffer { get; }

    public long FirstSeq { get; }

    public int Losses { get; private set; }

    public int Calls { get; private set; }

    /// <summary>How many bytes were sent, also those that were trimmed later.</summary>
    public long Sent { get; private set; }

    /// <summary>Called before each append; may throw or wait.</summary>
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    public bool IsLost { get; set; }

    public List<OutputEntry> Stored
    {
        get
        {
            lock (_gate)
                return [.. _stored];
        }
    }

    public byte[] Bytes(OutputStream stream) => [.. Stored.Where(e => e.Stream == stream).SelectMany(e => e.Bytes.ToArray())];

    public async Task CompleteAsync()
    {
        var completed = Buffer.CompleteAsync();
        await Eventually.BecomesAsync("the output is sent", () => completed.IsCompleted, () => Clock.Advance(TimeSpan.FromMilliseconds(100)));
        await completed;
    }

    private async ValueTask<bool> AppendAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim)
    {
        Calls++;
        await Before();
        if (IsLost)
            return false;
        lock (_gate)
        {
            foreach (var entry in entries.Where(e => e.Seq > _lastSeq))
            {
                Assert.Equal(lease.Attempt, entry.Attempt);
                Assert.InRange(entry.Bytes.Length, 1, OutputEntry.MaxBytes);
                _stored.Add(entry with { Bytes = entry.Bytes.ToArray() });
                _lastSeq = entry.Seq;
                Sent += entry.Bytes.Length;
            }

            if (trim is not null)
                Trim(trim);
        }

        return true;
    }

    private void Trim(OutputTrim trim)
    {
        _stored.RemoveAll(e => e.Seq >= trim.FromSeq && e.Seq < trim.ToSeq);
        int place = _stored.FindIndex(e => e.Seq > trim.FromSeq);
        var gap = new OutputEntry(trim.FromSeq, trim.At, 2, OutputStream.Gap, ReadOnlyMemory<byte>.Empty, trim.DroppedBytes);
        _stored.Insert(place < 0 ? _stored.Count : place, gap);
        _lastSeq = Math.Max(_lastSeq, trim.ToSeq - 1);
    }
}
