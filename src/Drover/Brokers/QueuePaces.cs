using System.Collections.Concurrent;
using Drover.Storage;

namespace Drover.Brokers;

/// <summary>The pace of every queue that has moved lately.</summary>
internal sealed class QueuePaces(TimeProvider time)
{
    private const int MaxIdleSeconds = 320;
    private readonly ConcurrentDictionary<string, QueuePace> _queues = new(StringComparer.Ordinal);

    public void Arrived(string queue, int count) => Of(queue).Arrived(Second(), count);

    public void Ended(string queue, int count) => Of(queue).Ended(Second(), count);

    public void Waited(IReadOnlyList<Lease> leases)
    {
        long second = Second();
        for (int i = 0; i < leases.Count; i++)
            Of(leases[i].Spec.Queue).Waited(second, leases[i].StartedAt - leases[i].ReadyAt);
    }

    public QueuePaceFigures Read(string queue) => _queues.TryGetValue(queue, out var pace) ? pace.Read(Second()) : default;

    /// <summary>Forgets queues in which nothing has moved for so long that they have no pace.</summary>
    public void Sweep()
    {
        long second = Second();
        foreach (var (queue, pace) in _queues)
        {
            if (second - pace.LastSecond > MaxIdleSeconds)
                _queues.TryRemove(queue, out _);
        }
    }

    private QueuePace Of(string queue) => _queues.GetOrAdd(queue, static _ => new());

    // A minute is added so that a slot that was never written to is not taken for the second 0.
    private long Second() => time.GetTimestamp() / time.TimestampFrequency + 600;
}
