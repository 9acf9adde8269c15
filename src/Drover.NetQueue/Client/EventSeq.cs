namespace Drover.NetQueue.Client;

/// <summary>The latest event that the server has spoken of, on any connection of one client.</summary>
internal sealed class EventSeq
{
    private long _last;

    public long Last => Volatile.Read(ref _last);

    public void Saw(long seq)
    {
        long seen = Volatile.Read(ref _last);
        while (seq > seen)
        {
            long before = Interlocked.CompareExchange(ref _last, seq, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
